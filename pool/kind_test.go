package pool

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
)

func TestHigherPrioritiesStartFirstAndLowOnesDoNotStarve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := New(nil, Config{Limit: 1, Queue: 5000})
		require.NoError(t, err)
		var order []int
		put := func(priority int) {
			require.NoError(t, p.With(Kind{Priority: priority}).Go(t.Context(), func(context.Context) error {
				order = append(order, priority)
				time.Sleep(time.Second)
				return nil
			}))
		}
		put(0)
		synctest.Wait()
		put(-1)
		put(0)
		put(3)
		for range 1000 {
			put(0)
		}
		_, err = p.Shutdown(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{0, 3, 0}, order[:3])
		at := 0
		for order[at] != -1 {
			at++
		}
		require.Equal(t, 1+ageing, at, "overtaken by no more than 256 later ones")
		idle(t, p, nil)
	})
}

func TestATaskOfWeightTakesAsManyPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lim := newLimiter(t, 6, 0)
		p, err := New(lim, Config{})
		require.NoError(t, err)
		heavy := p.With(Kind{Weight: 3})
		for range 4 {
			require.NoError(t, heavy.Go(t.Context(), func(context.Context) error { time.Sleep(time.Second); return nil }))
		}
		synctest.Wait()
		require.Equal(t, 2, p.Stats().Running)
		require.Equal(t, 6, lim.Stats().InFlight)
		start := time.Now()
		_, err = p.Shutdown(t.Context())
		require.NoError(t, err)
		require.Equal(t, 2*time.Second, time.Since(start))
		synctest.Wait()
		idle(t, p, lim)
	})
}

// A task heavier than the limit in force would wait for ever if nothing else made
// the limit grow, and all others behind it.
func TestATaskHeavierThanTheLimitRunsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lim, err := adaptive.New(adaptive.Config{Law: "fixed:1000", Initial: 8, Min: 1, Max: 100})
		require.NoError(t, err)
		require.NoError(t, lim.SetLimit(8))
		p, err := New(lim, Config{})
		require.NoError(t, err)
		work := func(context.Context) error { time.Sleep(time.Second); return nil }
		for range 8 {
			require.NoError(t, p.Go(t.Context(), work))
		}
		synctest.Wait()
		require.NoError(t, p.With(Kind{Weight: 6}).Go(t.Context(), work)) // fits, but not now
		time.Sleep(2 * nudgeEvery)
		synctest.Wait()
		require.NoError(t, lim.SetLimit(3)) // does not fit any more
		for range 4 {
			require.NoError(t, p.Go(t.Context(), work))
		}
		start := time.Now()
		_, err = p.Shutdown(t.Context())
		require.NoError(t, err)
		require.Less(t, time.Since(start), 5*time.Second)
		time.Sleep(time.Second)
		synctest.Wait()
		idle(t, p, lim)
	})
}

func TestTimeOutsAreToldFromTheCallersCancellation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lim := newLimiter(t, 1, 0)
		p, err := New(lim, Config{})
		require.NoError(t, err)
		patient := p.With(Kind{Timeout: 3 * time.Second})
		block := func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }
		start := time.Now()
		first, err := Submit(t.Context(), patient, block)
		require.NoError(t, err)
		synctest.Wait()
		second, err := Submit(t.Context(), p.With(Kind{Timeout: 2 * time.Second}), block)
		require.NoError(t, err)
		ctx, cancel := context.WithCancelCause(t.Context())
		third, err := Submit(ctx, patient, block)
		require.NoError(t, err)
		cancel(errBoom)
		_, err = third.Wait(t.Context())
		require.ErrorIs(t, err, errBoom)
		var timedOut *TimeoutError
		require.False(t, errors.As(err, &timedOut))

		_, err = first.Wait(t.Context())
		require.ErrorAs(t, err, &timedOut)
		require.Equal(t, TimeoutError{After: 3 * time.Second, Err: context.DeadlineExceeded}, *timedOut)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualError(t, err, "pool: task timed out after 3s")
		_, err = second.Wait(t.Context())
		require.ErrorAs(t, err, &timedOut)
		require.Nil(t, timedOut.Err, "it never started")
		require.Equal(t, 3*time.Second, time.Since(start))

		n := 0
		task, err := Submit(t.Context(), p.With(Kind{AttemptTimeout: time.Second, Attempts: 3}), func(ctx context.Context) (int, error) {
			if n++; n < 3 {
				return block(ctx)
			}
			return n, nil
		})
		require.NoError(t, err)
		n, err = task.Wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, 3, n)
		task, err = Submit(t.Context(), p.With(Kind{AttemptTimeout: time.Second}), func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, errors.Join(errors.New("gave up"), context.Cause(ctx), ctx.Err())
		})
		require.NoError(t, err)
		_, err = task.Wait(t.Context())
		require.ErrorAs(t, err, &timedOut)
		require.True(t, timedOut.Attempt)
		short, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		task, err = Submit(short, p.With(Kind{AttemptTimeout: time.Minute}), block)
		require.NoError(t, err)
		_, err = task.Wait(t.Context())
		require.Equal(t, context.DeadlineExceeded, err, "that was the caller's")
		synctest.Wait()
		require.Equal(t, uint64(5), lim.Stats().Ended[adaptive.TimedOut])
		idle(t, p, lim)
	})
}

func TestContextValuesAndCausesReachTheTask(t *testing.T) {
	type key struct{}
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 3)
		ctx, cancel := context.WithCancelCause(context.WithValue(t.Context(), key{}, "value"))
		look := func(ctx context.Context) error {
			require.Equal(t, "value", ctx.Value(key{}))
			sub, stop := context.WithTimeout(ctx, time.Hour)
			defer stop()
			<-sub.Done()
			require.Equal(t, context.Canceled, sub.Err())
			require.Equal(t, errBoom, context.Cause(sub))
			require.Equal(t, errBoom, context.Cause(ctx))
			return nil
		}
		require.NoError(t, p.Go(ctx, look))
		task, err := Submit(ctx, p, func(ctx context.Context) (int, error) { return 0, look(ctx) })
		require.NoError(t, err)
		mine, err := Submit(t.Context(), p, func(ctx context.Context) (int, error) {
			return 0, look(context.WithValue(ctx, key{}, "value"))
		})
		require.NoError(t, err)
		time.Sleep(time.Second)
		cancel(errBoom)
		mine.Cancel(errBoom)
		_, err = task.Wait(t.Context())
		require.NoError(t, err)
		_, err = mine.Wait(t.Context())
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, uint64(3), p.Stats().Done)
		idle(t, p, lim)
	})
}

func TestARateHoldsBesideTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := New(nil, Config{Limit: 2, Rate: 10, Burst: 3})
		require.NoError(t, err)
		start := time.Now()
		at := make(chan time.Duration, 13)
		for range 13 {
			require.NoError(t, p.Go(t.Context(), func(context.Context) error {
				at <- time.Since(start)
				return nil
			}))
		}
		_, err = p.Shutdown(t.Context())
		require.NoError(t, err)
		require.Equal(t, time.Second, time.Since(start), "three at once, then ten a second")
		require.Zero(t, <-at+<-at+<-at)
		require.Equal(t, 100*time.Millisecond, <-at)
		idle(t, p, nil)

		slow, err := New(nil, Config{Limit: 2, Rate: 1000})
		require.NoError(t, err)
		start = time.Now()
		for range 10 {
			require.NoError(t, slow.Go(t.Context(), func(context.Context) error { time.Sleep(time.Second); return nil }))
		}
		_, err = slow.Shutdown(t.Context())
		require.NoError(t, err)
		require.GreaterOrEqual(t, time.Since(start), 5*time.Second, "two at once")
		idle(t, slow, nil)

		tokens, err := New(nil, Config{Limit: 100, Rate: 100, Burst: 50})
		require.NoError(t, err)
		start = time.Now()
		for range 5 {
			require.NoError(t, tokens.With(Kind{Weight: 50}).Go(t.Context(), nothing))
		}
		require.ErrorContains(t, tokens.With(Kind{Weight: 51}).Go(t.Context(), nothing), "more than Burst 50 can ever let pass")
		_, err = tokens.Shutdown(t.Context())
		require.NoError(t, err)
		require.Equal(t, 2*time.Second, time.Since(start), "a task counts with its weight")
		idle(t, tokens, nil)
	})
}

func TestFaultsOfAKindAreToldByEachUse(t *testing.T) {
	lim, _ := adaptive.New(adaptive.Config{})
	p, err := New(hookedGuard{lim, func() {}}, Config{})
	require.NoError(t, err)
	bad := p.With(Kind{Name: "x", Priority: 4, Weight: 2, Timeout: -1, AttemptTimeout: -1, Attempts: -1})
	for _, err := range []error{
		bad.Go(t.Context(), nothing),
		bad.Group(t.Context(), func(context.Context, *Group) error { return nil }),
		bad.Every(t.Context(), time.Second, nothing),
		func() error { _, err := Submit(t.Context(), bad, sleep(0)); return err }(),
		func() error { _, err := Map(t.Context(), bad, counting(new(int)), sleepFor); return err }(),
	} {
		for _, fault := range []string{
			`pool: kind "x": Priority is 4, must be -3 to 3`,
			"Weight is 2, but the guard has no method With",
			"Timeout is -1ns", "AttemptTimeout is -1ns", "Attempts is -1",
		} {
			require.ErrorContains(t, err, fault)
		}
	}
	require.ErrorContains(t, p.With(Kind{Weight: -1}).Go(t.Context(), nothing), "Weight is -1")
}
