package pool

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/breaker"
)

func TestAPoolOnABreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lim := newLimiter(t, 3, 0)
		b, err := breaker.New(lim, breaker.Config{})
		require.NoError(t, err)
		p, err := New(b, Config{})
		require.NoError(t, err)
		start := time.Now()
		for range 30 {
			require.NoError(t, p.Go(t.Context(), func(context.Context) error { time.Sleep(time.Second); return nil }))
		}
		require.NoError(t, p.drain(t.Context()))
		require.Equal(t, 10*time.Second, time.Since(start))
		require.Equal(t, uint64(30), p.Stats().Done)

		var last *Task[int]
		for range 200 {
			last, err = Submit(t.Context(), p, func(context.Context) (int, error) { time.Sleep(time.Second); return 0, errBoom })
			require.NoError(t, err)
		}
		_, err = last.Wait(t.Context())
		require.ErrorIs(t, err, adaptive.ErrRejected, "it opened, and those that wait are told at once")
		require.Equal(t, breaker.Open, b.State())
		_, err = p.Shutdown(t.Context())
		require.NoError(t, err)
		s := p.Stats()
		require.Equal(t, uint64(230), s.Ended())
		require.Positive(t, s.Rejected)
		time.Sleep(time.Second)
		synctest.Wait()
		idle(t, p, lim)
	})
}
