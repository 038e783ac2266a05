package pool

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
)

func TestEachAttemptHasAPermitOfItsOwnAndNoneIsHeldInThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lim := newLimiter(t, 1, 0)
		p, err := New(lim, Config{Retry: Retry{Attempts: 4, Backoff: time.Second}})
		require.NoError(t, err)
		n := 0
		task, err := Submit(t.Context(), p, func(context.Context) (int, error) {
			if n++; n < 4 {
				return 0, errBoom
			}
			return n, nil
		})
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, standing{resting: 1}, stand(p))
		require.Zero(t, lim.Stats().InFlight)
		require.Equal(t, "resting", p.Tasks()[0].State)
		v, err := task.Wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, 4, v)
		s := p.Stats()
		require.Equal(t, []uint64{4, 3, 1, 0}, []uint64{s.Attempts, s.Retried, s.Done, s.Failed})
		require.Equal(t, uint64(3), lim.Stats().Ended[adaptive.Failure])
		synctest.Wait()
		idle(t, p, lim)
	})
}

func TestTheBudgetBoundsRetriesAndLetsLowTrafficRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := New(nil, Config{Limit: 100, Queue: 5000, Retry: Retry{
			Attempts: 3, Backoff: time.Millisecond, Share: 0.1, Floor: 2, Window: 10 * time.Second,
		}})
		require.NoError(t, err)
		fail := func(context.Context) (int, error) { return 0, errBoom }
		one, err := Submit(t.Context(), p, fail)
		require.NoError(t, err)
		_, err = one.Wait(t.Context())
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, uint64(2), p.Stats().Retried, "one task of low traffic has all its attempts")

		for range 2000 {
			_, err := Submit(t.Context(), p, fail)
			require.NoError(t, err)
		}
		_, err = p.Shutdown(t.Context())
		require.NoError(t, err)
		s := p.Stats()
		require.Equal(t, uint64(2001), s.Failed)
		require.Equal(t, uint64(2*10)+200, s.Retried, "floor times window, and a tenth of the tasks")
		require.Equal(t, s.Attempts, s.Failed+s.Retried)
		require.Positive(t, s.Denied)
		idle(t, p, nil)
	})
}

func TestABudgetIsFreeAgainAfterItsWindow(t *testing.T) {
	b := budget{retry: Retry{Floor: 0.1, Window: 10 * time.Second}}
	require.True(t, b.allow(time.Second))
	require.False(t, b.allow(2*time.Second))
	require.False(t, b.allow(10*time.Second))
	require.True(t, b.allow(11*time.Second))
	require.False(t, b.allow(12*time.Second))
	require.True(t, b.allow(time.Hour))
	require.False(t, b.allow(time.Hour-time.Minute), "a clock that goes back frees nothing")
}

func TestWhatIsNotTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := New(nil, Config{Retry: Retry{Attempts: 3}})
		require.NoError(t, err)
		for _, final := range []error{
			backoff.Permanent(errBoom), adaptive.Ignore(errBoom), adaptive.ErrRejected, context.Canceled,
		} {
			task, err := Submit(t.Context(), p, func(context.Context) (int, error) { return 0, final })
			require.NoError(t, err)
			_, err = task.Wait(t.Context())
			require.Equal(t, final, err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		task, err := Submit(ctx, p, func(context.Context) (int, error) { cancel(errBoom); return 0, errors.New("other") })
		require.NoError(t, err)
		_, err = task.Wait(t.Context())
		require.EqualError(t, err, "other")
		task, err = Submit(t.Context(), p, func(context.Context) (int, error) { panic("no") })
		require.NoError(t, err)
		_, err = task.Wait(t.Context())
		require.ErrorContains(t, err, "panicked: no")
		once := p.With(Kind{Attempts: 1})
		task, err = Submit(t.Context(), once, func(context.Context) (int, error) { return 0, errBoom })
		require.NoError(t, err)
		_, err = task.Wait(t.Context())
		require.Equal(t, errBoom, err)
		require.Zero(t, p.Stats().Retried)
		_, _ = p.Shutdown(t.Context())
		idle(t, p, nil)
	})
}

func TestRetryAfterIsHonouredAndADeadlineBeforeItIsTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := New(nil, Config{Retry: Retry{Attempts: 2}})
		require.NoError(t, err)
		for _, refused := range []error{backoff.RetryAfter(30), adaptive.Refuse(errBoom, 30*time.Second)} {
			n, start := 0, time.Now()
			f := func(context.Context) (int, error) {
				if n++; n < 2 {
					return 0, refused
				}
				return n, nil
			}
			task, err := Submit(t.Context(), p, f)
			require.NoError(t, err)
			_, err = task.Wait(t.Context())
			require.NoError(t, err)
			require.Equal(t, 30*time.Second, time.Since(start))

			n, start = 0, time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 29*time.Second)
			task, err = Submit(ctx, p, f)
			require.NoError(t, err)
			_, err = task.Wait(t.Context())
			require.ErrorIs(t, err, refused)
			require.Zero(t, time.Since(start), "the answer is known")
			cancel()
		}
		_, _ = p.Shutdown(t.Context())
		idle(t, p, nil)
	})
}

func TestCancelEndsATaskThatRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := New(nil, Config{Retry: Retry{Attempts: 2, Backoff: time.Hour, MaxBackoff: time.Hour}})
		require.NoError(t, err)
		fail := func(context.Context) (int, error) { return 0, errBoom }
		var tasks []*Task[int]
		ctx, cancel := context.WithCancelCause(t.Context())
		for range 4 {
			task, err := Submit(ctx, p, fail)
			require.NoError(t, err)
			tasks = append(tasks, task)
		}
		synctest.Wait()
		require.Equal(t, standing{resting: 4}, stand(p))
		tasks[0].Cancel(nil)
		_, err = tasks[0].Wait(t.Context())
		require.ErrorIs(t, err, ErrCancelled)
		require.Equal(t, 3, p.CancelQueued(errBoom))
		last, err := Submit(ctx, p, fail)
		require.NoError(t, err)
		synctest.Wait()
		cancel(errBoom)
		_, err = last.Wait(t.Context())
		require.ErrorIs(t, err, errBoom)
		last, err = Submit(t.Context(), p, fail)
		require.NoError(t, err)
		synctest.Wait()
		dead, stop := context.WithCancel(t.Context())
		stop()
		r, err := p.Shutdown(dead)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 1, r.Waiting)
		_, err = last.Wait(t.Context())
		require.ErrorIs(t, err, ErrClosed)
		synctest.Wait()
		idle(t, p, nil)
	})
}

func TestAPoolWaitsWhileTheGuardHoldsEverybodyBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lim, err := adaptive.New(adaptive.Config{Law: "fixed:2", Initial: 2})
		require.NoError(t, err)
		p, err := New(lim, Config{Retry: Retry{Attempts: 2}})
		require.NoError(t, err)
		refusals := 0
		start := time.Now()
		var tasks []*Task[time.Duration]
		for i := range 20 {
			task, err := Submit(t.Context(), p, func(context.Context) (time.Duration, error) {
				time.Sleep(time.Second)
				if i == 4 && refusals == 0 {
					refusals++
					return 0, adaptive.Refuse(errBoom, 30*time.Second)
				}
				return time.Since(start), nil
			})
			require.NoError(t, err)
			tasks = append(tasks, task)
		}
		for i, task := range tasks {
			at, err := task.Wait(t.Context())
			require.NoError(t, err)
			if i > 7 { // two had started
				require.Greater(t, at, 33*time.Second, "nobody calls before")
			}
		}
		require.Less(t, time.Since(start), 45*time.Second)
		require.Less(t, lim.Stats().Rejected[adaptive.RejectRetryAfter], uint64(10), "nobody keeps asking either")
		synctest.Wait()
		idle(t, p, lim)
	})
}
