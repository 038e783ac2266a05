package simtest_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/simulate"
	"github.com/flyball-go/flyball/simulate/simtest"
)

func TestCallTakesItsServiceTimeInVirtualTime(t *testing.T) {
	sc := lone()
	sc.Downstream.Network = 30 * time.Millisecond
	bubble(t, sc, func(t *testing.T, d *simtest.Downstream) {
		time.Sleep(time.Second)
		start := time.Now()
		require.NoError(t, d.Call(t.Context()))
		require.Equal(t, 130*time.Millisecond, time.Since(start))
	})
}

func TestDownstreamKeepsTimeWhileNobodyCalls(t *testing.T) {
	fault := simulate.Fault{Kind: simulate.Slow, Value: 3, At: 10 * time.Second, For: 10 * time.Second}
	bubble(t, lone(fault), func(t *testing.T, d *simtest.Downstream) {
		for _, c := range []struct{ at, takes time.Duration }{{5, 100}, {15, 300}, {25, 100}, {3600, 100}} {
			time.Sleep(c.at*time.Second - d.Report().At)
			start := time.Now()
			require.NoError(t, d.Call(t.Context()))
			require.Equal(t, c.takes*time.Millisecond, time.Since(start), "at %d s", c.at)
		}
	})
}

func TestCallsWaitForTheServer(t *testing.T) {
	bubble(t, lone(), func(t *testing.T, d *simtest.Downstream) {
		var calls sync.WaitGroup
		for range 3 {
			calls.Go(func() { require.NoError(t, d.Call(t.Context())) })
		}
		synctest.Wait()
		require.EqualValues(t, 3, d.Report().InFlight)
		calls.Wait()
		r := d.Report()
		require.Equal(t, 300*time.Millisecond, r.At)
		require.Equal(t, 3, r.PeakInFlight)
		require.EqualValues(t, 2, r.Queue.Max)
		require.InDelta(t, 0.3, r.Latency.Max, 1e-9)
	})
}

func TestDownstreamWorksOnForCallerWhoLeft(t *testing.T) {
	for _, c := range []struct {
		name  string
		leave func(context.Context) (context.Context, context.CancelFunc)
		want  error
	}{
		{"deadline", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 20*time.Millisecond)
		}, context.DeadlineExceeded},
		{"cancelled", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(ctx)
			time.AfterFunc(20*time.Millisecond, func() { cancel(errBored) })
			return ctx, func() { cancel(nil) }
		}, errBored},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, lone(), func(t *testing.T, d *simtest.Downstream) {
				ctx, cancel := c.leave(t.Context())
				defer cancel()
				require.ErrorIs(t, d.Call(ctx), c.want)
				require.Equal(t, 20*time.Millisecond, d.Report().At)
				require.NoError(t, d.Call(t.Context()))
				r := d.Report()
				require.Equal(t, 200*time.Millisecond, r.At, "the first call kept the server busy")
				require.EqualValues(t, []uint64{2, 1, 1, 1}, []uint64{r.Received, r.Served, r.Left, r.Stale})
				require.Equal(t, 1, r.PeakInFlight)
			})
		})
	}
}

var errBored = errors.New("bored")

func TestAnswerAtTheDeadlineWins(t *testing.T) {
	bubble(t, lone(), func(t *testing.T, d *simtest.Downstream) {
		for range 50 { // either may be ready first
			require.NoError(t, patient(t.Context(), d, 100*time.Millisecond))
		}
		require.Error(t, patient(t.Context(), d, 100*time.Millisecond-1))
	})
}

func TestCallUnderEndedContextIsNotSent(t *testing.T) {
	bubble(t, lone(), func(t *testing.T, d *simtest.Downstream) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, d.Call(ctx), context.Canceled)
		require.Zero(t, d.Report().Received)
	})
}

func TestErrorsOfCallAreClassifiedRight(t *testing.T) {
	limited := lone()
	limited.Downstream.RateLimit = simulate.RateLimit{Rate: 1e-3, Burst: 1, RetryAfter: 1500 * time.Millisecond}
	for _, c := range []struct {
		name string
		sc   *simulate.Scenario
		err  error
		want adaptive.Result
	}{
		{"failed", lone(simulate.Fault{Kind: simulate.Errors, Value: 1}), simtest.ErrFailed, adaptive.Result{Outcome: adaptive.Failure}},
		{"refused", lone(simulate.Fault{Kind: simulate.Refusals, Value: 1}), simtest.ErrRefused, adaptive.Result{Outcome: adaptive.Refused}},
		{"over the rate limit", limited, simtest.ErrRefused, adaptive.Result{Outcome: adaptive.Refused, RetryAfter: 1500 * time.Millisecond}},
		{"never answered", lone(simulate.Fault{Kind: simulate.Blackhole, Value: 1}), context.DeadlineExceeded, adaptive.Result{Outcome: adaptive.TimedOut}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, c.sc, func(t *testing.T, d *simtest.Downstream) {
				_ = patient(t.Context(), d, time.Second) // takes the one token of a rate limit
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				err := d.Call(ctx)
				require.ErrorIs(t, err, c.err)
				require.Equal(t, c.want, adaptive.Classify(ctx, err))
				r := d.Report()
				require.Equal(t, r.Received, r.Served+r.Failed+r.Refused+r.Left)
			})
		})
	}
}

// late is a context that was cancelled at its deadline by somebody else's timer,
// as http.Client has one.
type late struct{ context.Context }

func (late) Deadline() (time.Time, bool) { return time.Now(), true }

func TestCallCancelledAtItsDeadlineHasTimedOut(t *testing.T) {
	bubble(t, lone(), func(t *testing.T, d *simtest.Downstream) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, cancel)
		require.ErrorIs(t, d.Call(late{ctx}), context.Canceled)
		require.EqualValues(t, 1, d.Report().Latency.Count)
	})
}

func TestCallInFlightEndsWithTheTest(t *testing.T) {
	var err error
	ended := make(chan struct{}) // outside of the bubble, to outlive it
	synctest.Test(t, func(t *testing.T) {
		d := simtest.New(t, lone(simulate.Fault{Kind: simulate.Blackhole, Value: 1}))
		go func() {
			defer close(ended)
			err = d.Call(context.Background())
		}()
		synctest.Wait()
	})
	<-ended
	require.ErrorIs(t, err, simtest.ErrClosed)
}

func TestTriesOfOneCallHaveDrawsOfTheirOwn(t *testing.T) {
	sc := farm(10, 10*time.Second)
	bubble(t, sc, func(t *testing.T, d *simtest.Downstream) {
		took := map[time.Duration]bool{}
		_ = d.Do(t.Context(), func(ctx context.Context) error {
			for range 5 {
				start := time.Now()
				require.NoError(t, d.Call(ctx))
				took[time.Since(start)] = true
			}
			return nil
		})
		require.Len(t, took, 5)
		r := d.Report()
		require.InDelta(t, 5, r.Amplification(), 0)
		require.EqualValues(t, 1, r.Succeeded)
	})
}

func TestNewRefusesRealTime(t *testing.T) {
	v := &verdict{TB: t}
	require.Contains(t, fatal(v, func() { simtest.New(v, lone()) }), "inside synctest.Test")
}

func TestNewTellsWhatIsWrongWithTheScenario(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &verdict{TB: t}
		sc := lone()
		sc.Downstream.Servers = nil
		require.Contains(t, fatal(v, func() { simtest.New(v, sc) }), "downstream.servers: is missing")
		require.Contains(t, fatal(v, func() { simtest.Load(v, "nowhere.yaml") }), "nowhere.yaml")
	})
}

func TestOfferIsOnceAndFromTheStart(t *testing.T) {
	judged(t, farm(10, time.Second), func(v *verdict, d *simtest.Downstream) {
		time.Sleep(time.Millisecond)
		d.Report()
		require.Contains(t, fatal(v, func() { d.Offer(d.Call) }), "the load begins at 0s and once, it is 1ms")
	})
	judged(t, farm(10, time.Second), func(v *verdict, d *simtest.Downstream) {
		d.Offer(d.Call)
		require.Contains(t, fatal(v, func() { d.Offer(d.Call) }), "the load begins at 0s and once")
	})
}
