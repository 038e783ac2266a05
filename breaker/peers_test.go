package breaker

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sony/gobreaker/v2"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
)

// The tests below give a Breaker what gobreaker v2.4.0 was seen to fail on, and
// gobreaker itself beside it, so that the difference is there to be read. Each runs in
// a bubble on the machine's clock.

// peers is a gobreaker of one probe and a Breaker with the same.
func peers(t *testing.T, st gobreaker.Settings, limit int, c Config) (*gobreaker.CircuitBreaker[int], *Breaker) {
	t.Helper()
	lim, err := adaptive.New(adaptive.Config{Law: "vegas", Initial: limit, Min: limit, Max: limit})
	require.NoError(t, err)
	b, err := New(lim, c)
	require.NoError(t, err)
	return gobreaker.NewCircuitBreaker[int](st), b
}

func failBoth(t *testing.T, cb *gobreaker.CircuitBreaker[int], b *Breaker, n int) {
	t.Helper()
	for range n {
		_, _ = cb.Execute(func() (int, error) { return 0, errFailed })
		_ = adaptive.Do(t.Context(), b, func(context.Context) error { return errFailed })
	}
}

// comesBack reports whether calls that succeed get through within a minute.
func comesBack(b *Breaker) bool {
	for range 600 {
		_ = adaptive.Do(context.Background(), b, func(context.Context) error { return nil })
		time.Sleep(100 * time.Millisecond)
	}
	return b.State() == Closed
}

func TestG1AProbeThatEndsInGoexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cb, b := peers(t, gobreaker.Settings{Timeout: time.Second}, 1, Config{Consecutive: 6})
		failBoth(t, cb, b, 6)
		time.Sleep(2 * time.Second)
		go func() {
			_, _ = cb.Execute(func() (int, error) { runtime.Goexit(); return 0, nil })
		}()
		go func() {
			_ = adaptive.Do(context.Background(), b, func(context.Context) error { runtime.Goexit(); return nil })
		}()
		synctest.Wait()
		time.Sleep(24 * time.Hour)
		require.Equal(t, gobreaker.StateHalfOpen, cb.State())
		_, err := cb.Execute(func() (int, error) { return 0, nil })
		require.ErrorIs(t, err, gobreaker.ErrTooManyRequests, "for ever")
		require.True(t, comesBack(b))
	})
}

func TestG2F8AProbeThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cb, b := peers(t, gobreaker.Settings{Timeout: time.Second}, 4, Config{Consecutive: 6})
		failBoth(t, cb, b, 6)
		time.Sleep(2 * time.Second)
		hang := make(chan struct{})
		defer close(hang)
		go func() {
			_, _ = cb.Execute(func() (int, error) { <-hang; return 0, nil })
		}()
		go func() {
			_ = adaptive.Do(context.Background(), b, func(context.Context) error { <-hang; return nil })
		}()
		synctest.Wait()
		time.Sleep(24 * time.Hour)
		require.Equal(t, gobreaker.StateHalfOpen, cb.State())
		require.True(t, comesBack(b))
	})
}

func TestG3FailuresInARowThatAreFarApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cb, b := peers(t, gobreaker.Settings{
			Interval: 30 * time.Second, BucketPeriod: 3 * time.Second,
			ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= 5 },
		}, 10, only(Config{Consecutive: 5}))
		most := uint32(0)
		for i := range 1000 {
			failBoth(t, cb, b, 1)
			most = max(most, cb.Counts().ConsecutiveFailures)
			require.Equal(t, i >= 4, b.Stats().Opened > 0, i)
			time.Sleep(19 * time.Second)
		}
		require.Equal(t, gobreaker.StateClosed, cb.State())
		require.LessOrEqual(t, most, uint32(2), "a thousand in a row")
	})
}

func TestG4AWindowThatContradictsTheRule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cb, b := peers(t, gobreaker.Settings{Interval: 10 * time.Second}, 10, Config{})
		for range 1000 {
			_, _ = cb.Execute(func() (int, error) { return 0, errFailed })
			_ = adaptive.Do(t.Context(), b, func(context.Context) error { return errFailed })
			time.Sleep(2001 * time.Millisecond)
		}
		require.Equal(t, gobreaker.StateClosed, cb.State(), "1,000 of 1,000 failed")
		require.Positive(t, b.Stats().Opened)
		// And what can never fire is told: the share wants 20 results in 10 s.
		require.EqualError(t, Config{Rate: 0.5}.ValidateAt(0.5),
			"breaker: config: Rate can never fire at 0.5 calls per second: 10s of them are 5 results, MinVolume is 20; a MinVolume of 5 or a Window of 40s would do")
	})
}

func TestG5ACallbackThatAsksTheBreaker(t *testing.T) {
	// gobreaker deadlocks on itself here, which no test can show and go on.
	var b *Breaker
	asked := 0
	lim, err := adaptive.New(fixed(10))
	require.NoError(t, err)
	b, err = NewWith(lim, Config{Consecutive: 1}, Parts{OnStateChange: func(Change) {
		_, _, _ = b.Stats(), b.State(), b.Explain()
		asked++
	}})
	require.NoError(t, err)
	_ = adaptive.Do(t.Context(), b, func(context.Context) error { return errFailed })
	require.Equal(t, 1, asked)
}

func TestG6CallersWhoGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cb, b := peers(t, gobreaker.Settings{}, 10, Config{Consecutive: 6})
		for range 6 {
			ctx, cancel := context.WithCancel(t.Context())
			_, _ = cb.Execute(func() (int, error) { cancel(); return 0, ctx.Err() })
			ctx, cancel = context.WithCancel(t.Context())
			_ = adaptive.Do(ctx, b, func(context.Context) error { cancel(); return ctx.Err() })
		}
		require.Equal(t, gobreaker.StateOpen, cb.State())
		require.Equal(t, Closed, b.State())
	})
}

func TestG7CallsIntoADownstreamThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cb, b := peers(t, gobreaker.Settings{}, 64, Config{})
		for range 200 { // usual calls
			_ = adaptive.Do(t.Context(), b, func(context.Context) error { time.Sleep(20 * time.Millisecond); return nil })
		}
		var alone, ours atomic.Int64
		for range 500 { // in a second, each hangs for 30 s
			go func() {
				_, _ = cb.Execute(func() (int, error) { alone.Add(1); time.Sleep(30 * time.Second); return 0, errFailed })
			}()
			go func() {
				_ = adaptive.Do(context.Background(), b, func(context.Context) error { ours.Add(1); time.Sleep(30 * time.Second); return errFailed })
			}()
			synctest.Wait()
			time.Sleep(2 * time.Millisecond)
		}
		require.Equal(t, gobreaker.StateClosed, cb.State())
		require.Equal(t, int64(500), alone.Load())
		require.Equal(t, int64(64), ours.Load())
		for range 100 {
			b.AcquireFunc(func(p adaptive.Permit, _ error) { p.Done(adaptive.Ignored) })
			time.Sleep(10 * time.Millisecond)
		}
		require.Equal(t, uint64(1), b.Stats().Opened)
		time.Sleep(time.Minute)
	})
}

// TestG8CallsGoTogether is about gobreaker's DistributedCircuitBreaker, which holds
// its store's lock during the user's call. Nothing here holds anything.
func TestG8CallsGoTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, b := peers(t, gobreaker.Settings{}, 20, Config{})
		start := time.Now()
		var most, now atomic.Int64
		for range 20 {
			go func() {
				_ = adaptive.Do(context.Background(), b, func(context.Context) error {
					most.Store(max(most.Load(), now.Add(1))) // one starts at a time, see Wait
					time.Sleep(100 * time.Millisecond)
					now.Add(-1)
					return nil
				})
			}()
			synctest.Wait()
		}
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		require.Equal(t, int64(20), most.Load())
		require.Equal(t, 100*time.Millisecond, time.Since(start))
		require.Equal(t, uint64(20), b.Stats().Successes)
	})
}
