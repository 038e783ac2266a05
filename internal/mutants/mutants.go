package main

// A mutant is one fault, put into one file, that tests must notice.
type mutant struct {
	name     string
	file     string // from the root
	old, new string // old is in the file exactly once
	pkg, run string // the tests that must notice, as go test takes them
}

// Tests of the breaker that are to see every fault in what it adds to gobreaker.
const (
	oracle = "TestI11ABreakerAgreesWithGobreaker|TestABreakerOpensProbesAndClosesOnTheLimitersClock"
)

// catalogue is one row a fault; add to it whatever a test was missing for.
var catalogue = []mutant{
	{"late results count", "breaker/trip.go", "case b.phase.Load() != ph:", "case false:", "./breaker", oracle},
	{"late probes count", "breaker/probe.go", "if b.phase.Load() != ph || !ph.remove(pr) {", "if !ph.remove(pr) {", "./breaker", oracle},
	{"half-open at its very deadline", "breaker/phase.go", "now > ph.until &&", "now >= ph.until &&", "./breaker", oracle},
	{"open for no time", "breaker/phase.go", "until: at.Add(time.Duration(wait))}", "until: at}", "./breaker", oracle},
	{"ignored calls count", "breaker/trip.go", "case e.Outcome == adaptive.Ignored:", "case false:", "./breaker", oracle},
	{"an ignored probe succeeds", "breaker/probe.go", "case adaptive.Ignored:\n\t\tpr.done(errExcluded)", "case adaptive.Ignored:\n\t\tpr.done(nil)", "./breaker", oracle},
	{"a failed probe is forgiven", "breaker/probe.go", "if ph.core.probes-ph.bad < ph.core.needed {", "if false {", "./breaker", oracle},
	{"all probes go at once", "breaker/probe.go", "return len(ph.out) == 0", "return true", "./breaker", oracle},
	{"one probe too few", "breaker/probe.go", "return len(ph.out)+ph.good < ph.core.needed", "return len(ph.out)+ph.good < ph.core.needed-1", "./breaker", oracle},
	{"a success leaves the streak", "breaker/watch.go", "w.quiet.And(^uint32(silent | failing))\n\t\tw.streak.Store(0)", "w.quiet.And(^uint32(silent | failing))", "./breaker", oracle},
	{"closing keeps the streak", "breaker/watch.go", "w.quiet.Store(silent)\n\tw.streak.Store(0)", "w.quiet.Store(silent)", "./breaker", oracle},
	{"volume off by one", "breaker/trip.go", "case total < uint64(b.c.MinVolume):", "case total <= uint64(b.c.MinVolume):", "./breaker", oracle},
	{"a share must be exceeded", "breaker/trip.go", "return float64(part)/float64(all) >= share", "return float64(part)/float64(all) > share", "./breaker", oracle},
	{"open says too many probes", "breaker/breaker.go", "if ph.state != HalfOpen {\n\t\treturn adaptive.Permit{}, b.count(b.errOpen)", "if ph.state != HalfOpen {\n\t\treturn adaptive.Permit{}, b.count(b.errProbes)", "./breaker", oracle},
	{"a refused permit is kept", "breaker/probe.go", "p.Done(adaptive.Ignored)\n\treturn adaptive.Permit{}, b.count(b.errProbes)", "return adaptive.Permit{}, b.count(b.errProbes)", "./breaker", "."},
	{"a phase of probes has no end", "breaker/probe.go", "now.Sub(ph.began) < ph.within {", "true {", "./breaker", "."},
	{"a listener is called under the lock", "breaker/outbox.go", "b.delivering = true\n\tb.mu.Unlock()", "b.delivering = true\n\tdefer b.mu.Unlock()", "./breaker", "."},
}
