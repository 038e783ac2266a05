package adaptive

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// taught is a limiter with one place that knows calls to take 100 ms.
func taught(t *testing.T) *Limiter {
	l, err := New(Config{Law: "fixed:1"})
	require.NoError(t, err)
	for range 1000 {
		p, _ := l.TryAcquire()
		time.Sleep(100 * ms)
		p.Done(Success)
	}
	require.InEpsilon(t, float64(100*ms), float64(l.typical()), 0.05)
	return l
}

func TestCallThatCannotMakeItIsNotQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := taught(t)
		held, _ := l.TryAcquire()
		ctx, cancel := context.WithTimeout(t.Context(), 180*ms)
		defer cancel()
		begun := time.Now()
		_, err := l.Acquire(ctx)
		require.Equal(t, l.Rejection(RejectDeadline), err)
		require.Zero(t, time.Since(begun), "it needs a wait and a round trip, 200 ms")
		require.Equal(t, uint64(1), l.Stats().Rejected[RejectDeadline])
		held.Done(Success)
	})
}

func TestCallThatWaitedTooLongIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := taught(t)
		held, _ := l.TryAcquire()
		time.AfterFunc(250*ms, func() { held.Done(Success) }) // slower than usual
		ctx, cancel := context.WithTimeout(t.Context(), 340*ms)
		defer cancel()
		_, err := l.Acquire(ctx)
		require.Equal(t, l.Rejection(RejectDeadline), err)
		s := l.Stats()
		require.Zero(t, s.InFlight)
		require.Zero(t, s.Ended[TimedOut])
	})
}

func TestCallWithTimeEnoughWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := taught(t)
		held, _ := l.TryAcquire()
		time.AfterFunc(100*ms, func() { held.Done(Success) })
		ctx, cancel := context.WithTimeout(t.Context(), 220*ms)
		defer cancel()
		p, err := l.Acquire(ctx)
		require.NoError(t, err)
		p.Done(Success)
	})
}

func TestCallsThatAreGivenTooLittleTimeAreGivenMore(t *testing.T) {
	s := newSamples(Clock{})
	enough := func() time.Duration { return time.Duration(s.enough.Load()) }
	s.learn(35*ms, true) // most time out after 35 ms: all that is known is that it is too little
	require.Equal(t, 52500*time.Microsecond, enough())
	s.learn(52*ms, true)
	require.Equal(t, 78750*time.Microsecond, enough())
	for range 20 {
		s.learn(5*time.Second, true) // a downstream that hangs
	}
	require.Equal(t, 10*time.Second, enough(), "no more than twice what calls were given")
	for range 12 {
		s.learn(100*ms, false)
	}
	require.InDelta(t, float64(100*ms), float64(enough()), float64(150*ms), "back within a dozen windows")
}
