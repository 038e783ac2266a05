package adaptive

import (
	"context"
	"errors"
	"math"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestEveryInvariantHasATestOfItsName(t *testing.T) {
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	have := map[string]bool{}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		src, err := os.ReadFile(f.Name())
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`(?m)^func Test(I\d+)[A-Z]`).FindAllSubmatch(src, -1) {
			have[string(m[1])] = true
		}
	}
	for _, i := range []string{"I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10"} {
		require.True(t, have[i], "no test is named Test%s…", i)
	}
}

// TestI2LimitStaysFiniteAndWithinBounds: whatever calls report, whatever the clock
// does and whoever reconfigures.
func TestI2LimitStaysFiniteAndWithinBounds(t *testing.T) {
	steps := []time.Duration{0, 1, ms, time.Second, time.Hour, -time.Second, -time.Hour, 1 << 50, -(1 << 50)}
	rapid.Check(t, func(r *rapid.T) {
		low := rapid.IntRange(1, 50).Draw(r, "min")
		high := rapid.IntRange(low, 100).Draw(r, "max")
		b := &bench{T: t}
		l, err := NewWith(
			Config{Law: rapid.SampledFrom(laws).Draw(r, "law"), Min: low, Max: high, Queue: -1},
			Parts{Clock: Clock{Now: func() Instant { return b.now }, Wall: time.Unix(rapid.Int64Range(-1<<40, 1<<40).Draw(r, "wall"), 0)}})
		require.NoError(r, err)
		var held []Permit
		for range rapid.IntRange(1, 300).Draw(r, "calls") {
			if p, ok := l.TryAcquire(); ok {
				held = append(held, p)
			}
			b.now += Instant(rapid.SampledFrom(steps).Draw(r, "step"))
			if n := len(held); n > 0 && rapid.Bool().Draw(r, "end") {
				held[n-1].DoneResult(Result{Outcome: Outcome(rapid.IntRange(0, 9).Draw(r, "outcome"))})
				held = held[:n-1]
			}
			require.True(r, l.Limit() >= low && l.Limit() <= high, "limit %d of %d to %d", l.Limit(), low, high)
		}
		for d := range l.Decisions() {
			require.False(r, math.IsNaN(d.Limit) || math.IsInf(d.Limit, 0), "%v", d)
		}
		require.Equal(r, len(held), l.Stats().InFlight)
	})
}

func TestI10WhatTellsNothingOfLoadMovesNothing(t *testing.T) {
	for _, law := range laws {
		for _, o := range []Outcome{Ignored, Failure, Abandoned} {
			b := newBench(t, nil, Config{Law: law, Queue: -1})
			for range 3000 {
				b.call(time.Duration(o)*ms, o)
			}
			require.Equal(t, 6, b.Limit(), "%s, %v", law, o)
		}
	}
}

func TestI10RejectionsAndCancelledCallsTeachNothing(t *testing.T) {
	law := &script{decisions: []Decision{{Limit: 1, Next: Collect{Samples: 1}}}}
	b := newBench(t, law, Config{Queue: -1})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, Do(ctx, b, nil), context.Canceled)
	p := b.take()
	require.ErrorIs(t, Do(context.Background(), b, nil), ErrRejected)
	p.DoneResult(Classify(ctx, errors.New("whatever a cancelled call says")))
	p = b.take()
	p.DoneResult(Classify(context.Background(), ErrRejected))
	require.Len(t, law.windows, 1)
	require.EqualValues(t, 2, b.Stats().Ended[Ignored])
}

func TestI10RoundTripsThatCannotBeAreFlooredAndCounted(t *testing.T) {
	law := &script{decisions: []Decision{{Limit: 4, Next: Collect{Samples: 1}}}}
	b := newBench(t, law, Config{})
	b.sleep(time.Hour)
	for i, rtt := range []time.Duration{0, -time.Minute, 1000 * time.Hour} {
		b.call(rtt, Success)
		require.Equal(t, 1, law.last().Latency.Count())
		require.Greater(t, law.medians[i+1], time.Duration(0))
		require.EqualValues(t, i+1, b.Stats().OddRTTs)
	}
	b.call(ms, Success)
	require.EqualValues(t, 3, b.Stats().OddRTTs)
}

func TestI9PanickingClassifierCostsNoPermit(t *testing.T) {
	l, err := NewWith(Config{Law: "fixed:1", Queue: -1}, Parts{Classify: func(context.Context, error) Result { panic("mine") }})
	require.NoError(t, err)
	for range 3 {
		require.PanicsWithValue(t, "mine", func() { _ = Do(context.Background(), l, func(context.Context) error { return nil }) })
	}
	require.Equal(t, [Outcomes]uint64{Abandoned: 3}, l.Stats().Ended)
	require.Zero(t, l.Stats().InFlight)
}

func TestI9ClassifierThatExitsItsGoroutineCostsNoPermit(t *testing.T) {
	l, err := NewWith(Config{Law: "fixed:1", Queue: -1}, Parts{Classify: func(context.Context, error) Result { runtime.Goexit(); return Result{} }})
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = Do(context.Background(), l, func(context.Context) error { return nil })
	}()
	<-done
	require.Zero(t, l.Stats().InFlight)
}

func TestNilFunctionsCostNoPermit(t *testing.T) {
	l := fixedAt(t, 1, -1)
	require.Panics(t, func() { _ = Do(context.Background(), l, nil) })
	require.Panics(t, func() { l.AcquireFunc(nil) })
	require.Zero(t, l.Stats().InFlight)
	take(t, l, 1)[0].Done(Success)
}

func TestNilContextPanicsBeforeAnythingChanges(t *testing.T) {
	l := fixedAt(t, 1, -1)
	var none context.Context
	const want = "adaptive: Acquire with a nil ctx, must be one such as context.Background()"
	require.PanicsWithValue(t, want, func() { _, _ = l.Acquire(none) })
	require.PanicsWithValue(t, want, func() { _, _ = l.With(Call{Weight: 1}).Acquire(none) })
	require.Equal(t, Stats{Limit: 1, TimedOneIn: 1}, l.Stats())
}

func TestHugeBoundsCostNothing(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	l, err := New(Config{Law: "fixed", Initial: 1 << 24, Max: 1 << 24, Queue: 1e9, MaxWait: math.MaxInt64})
	require.NoError(t, err)
	take(t, l, 1)[0].Done(Success)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}

func TestLongestMaxWaitWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := New(Config{Law: "fixed:1", MaxWait: math.MaxInt64})
		require.NoError(t, err)
		p := take(t, l, 1)[0]
		got := goAcquire(t.Context(), l)
		time.Sleep(1000 * time.Hour)
		waits(t, got)
		p.Done(Success)
		admitted(t, got).Done(Success)
	})
}

func TestMaxOfOneWorksWithEveryLaw(t *testing.T) {
	for _, law := range laws {
		b := newBench(t, nil, Config{Law: law, Max: 1})
		for range 1000 {
			b.call(ms, Success)
		}
		require.Equal(t, 1, b.Limit(), law)
	}
}

func TestClockThatStandsStillHoldsNobodyUp(t *testing.T) {
	for _, law := range laws {
		b := newBench(t, nil, Config{Law: law})
		for range 5000 {
			b.call(0, Success)
		}
		b.take().Done(TimedOut)
		require.Zero(t, b.Stats().InFlight, law)
	}
}

func TestUseAfterCloseDoesNoHarm(t *testing.T) {
	b := newBench(t, nil, Config{Law: "fixed:2"})
	p := b.take()
	b.Close()
	b.Close()
	require.Equal(t, error(b.Rejection(RejectClosed)), b.SetLimit(5))
	require.Equal(t, 2, b.Limit())
	b.Resume()
	require.NoError(t, b.Reconfigure(Config{Law: "fixed:3", Observe: true}))
	for range 2 {
		_, err := b.Acquire(context.Background())
		require.Same(t, b.Rejection(RejectClosed), err)
	}
	p.DoneResult(Result{Outcome: Refused, RetryAfter: time.Second})
	_, err := b.Acquire(context.Background())
	require.Same(t, b.Rejection(RejectClosed), err, "not for the Retry-After")
	require.Contains(t, b.Explain(), "closed")
	require.Zero(t, b.Stats().InFlight)
}

func TestEnvelopeOfNoNumberIsAFault(t *testing.T) {
	for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -0.1} {
		require.ErrorContains(t, Envelope{Rejected: x}.Validate(), "must be above 0 and up to 1")
	}
}
