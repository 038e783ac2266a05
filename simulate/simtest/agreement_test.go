package simtest_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/simulate"
	"github.com/flyball-go/flyball/simulate/simtest"
)

// seen is what the caller's side of a scenario counts up to its end.
type seen struct{ offered, served, late, failed, rejected, refused, pending uint64 }

// offer plays sc for callers behind a guard, nil for none, who do as a
// simulation's do without retries.
func offer(sc *simulate.Scenario, d *simtest.Downstream, guard adaptive.Guard) seen {
	var s seen
	start := time.Now()
	results := make(chan error)
	counted := make(chan struct{})
	go func() {
		defer close(counted)
		for err := range results {
			var n *uint64
			switch {
			case err == nil:
				n = &s.served
			case errors.Is(err, context.DeadlineExceeded):
				n = &s.late
			case errors.Is(err, adaptive.ErrRejected):
				n = &s.rejected
			case errors.Is(err, simtest.ErrRefused):
				n = &s.refused
			default:
				n = &s.failed
			}
			*n++
		}
	}()
	d.Offer(func(ctx context.Context) error {
		call := func(ctx context.Context) error { return patient(ctx, d, sc.Timeout) }
		var err error
		if guard == nil {
			err = call(ctx)
		} else {
			// As a simulation asks: Acquire and AcquireFunc differ in what they
			// do at the instant at which the limit grows.
			var permit adaptive.Permit
			guard.AcquireFunc(func(p adaptive.Permit, rejected error) { permit, err = p, rejected })
			if err == nil {
				err = call(ctx)
				permit.DoneResult(adaptive.Classify(ctx, err))
			}
		}
		if time.Since(start) < sc.Duration { // a simulation stops there
			results <- err
		}
		return err
	})
	close(results)
	<-counted
	s.offered = d.Report().Offered
	s.pending = s.offered - s.served - s.late - s.failed - s.rejected - s.refused
	return s
}

func simulated(t *testing.T, r *simulate.Runner, sc *simulate.Scenario, guard string) seen {
	t.Helper()
	res, err := r.Run(t.Context(), sc, guard)
	require.NoError(t, err)
	return seen{res.Offered, res.Served, res.Late, res.Failed, res.Rejected, res.Refused, res.Pending}
}

// limiter is the one that a simulation gives a client.
func limiter(t *testing.T, d *simtest.Downstream, law string) *adaptive.Limiter {
	t.Helper()
	l, err := adaptive.NewWith(
		adaptive.Config{Law: law, Min: 1, Max: 100_000, Initial: 6, Queue: -1},
		adaptive.Parts{Clock: d.Clock()},
	)
	require.NoError(t, err)
	return l
}

func TestBubbleCountsWhatASimulationCounts(t *testing.T) {
	files := []string{"brownout", "partial-hang", "bounded-queue", "lifo", "sharing", "bimodal", "closed-loop"}
	if os.Getenv("FLYBALL_LONG") == "1" {
		files = append(files, "outage-errors", "pauses-overload", "far-away", "contention", "capacity-halves")
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			sc, err := simulate.Load("../../examples/scenarios/" + file + ".yaml")
			require.NoError(t, err)
			shorten(sc)
			var runner simulate.Runner
			for _, guard := range []string{"none", "fixed:20", "aimd", "vegas"} {
				want := simulated(t, &runner, sc, guard)
				bubble(t, sc, func(t *testing.T, d *simtest.Downstream) {
					var g adaptive.Guard
					if guard != "none" {
						g = limiter(t, d, guard)
					}
					require.Equal(t, want, offer(sc, d, g), guard)
				})
			}
		})
	}
}

// shorten makes a scenario one of 4 s that changes at 1 s and at 2 s.
func shorten(sc *simulate.Scenario) {
	sc.Duration, sc.Changes, sc.Assert = 4*time.Second, nil, nil
	sc.Load = sc.Load[:1]
	sc.Load[0].For = 0
	for i := range sc.Faults {
		f := &sc.Faults[i]
		f.At = min(f.At, time.Second)
		if f.Every == 0 {
			f.For = min(f.For, time.Second)
		}
	}
	for i := range sc.Downstream.Servers {
		sc.Downstream.Servers[i].At = time.Duration(i) * time.Second
	}
}
