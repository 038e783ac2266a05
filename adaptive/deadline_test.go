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
		ctx, cancel := context.WithTimeout(t.Context(), 280*ms)
		defer cancel()
		begun := time.Now()
		_, err := l.Acquire(ctx)
		require.Equal(t, l.Rejection(RejectDeadline), err)
		require.Zero(t, time.Since(begun), "it needs a wait and two round trips, 300 ms")
		require.Equal(t, uint64(1), l.Stats().Rejected[RejectDeadline])
		held.Done(Success)
	})
}

func TestCallThatWaitedTooLongIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := taught(t)
		held, _ := l.TryAcquire()
		time.AfterFunc(250*ms, func() { held.Done(Success) }) // slower than usual
		ctx, cancel := context.WithTimeout(t.Context(), 400*ms)
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
		ctx, cancel := context.WithTimeout(t.Context(), 400*ms)
		defer cancel()
		p, err := l.Acquire(ctx)
		require.NoError(t, err)
		p.Done(Success)
	})
}
