// Package simulate runs the production limiter and circuit breaker in virtual
// time against a synthetic downstream, described by a [Scenario].
//
// A scenario is data, written by hand as YAML and read by [Load]: the load, the
// clients, the downstream, its faults. A [Runner] plays it once for each guard
// under test and each seed and measures the same things for all of them:
//
//	sc, err := simulate.Load("examples/scenarios/brownout.yaml")
//	…
//	report, err := new(simulate.Runner).Compare(ctx, sc)
//
// Arrivals, service times and faults are drawn from named random streams that no
// guard can shift, so every guard meets the same calls. The same scenario and
// seed give the same bytes whatever the machine does meanwhile. Nothing here
// reads the wall clock, and one run uses one goroutine.
package simulate
