package pool

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Both kinds of pool of one place.
func forEachPoolOfOne(t *testing.T, f func(t *testing.T, p *Pool)) {
	t.Run("limit", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p, err := New(nil, Config{Limit: 1, Queue: 1})
			require.NoError(t, err)
			f(t, p)
			synctest.Wait()
			idle(t, p, nil)
		})
	})
	t.Run("guard", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			lim := newLimiter(t, 1, 0)
			p, err := New(lim, Config{Queue: 1})
			require.NoError(t, err)
			f(t, p)
			time.Sleep(nudgeEvery)
			synctest.Wait()
			idle(t, p, lim)
		})
	})
}

// busy counts tasks at work, and how many at most.
type busy struct{ now, most atomic.Int64 }

func (b *busy) work(d time.Duration) {
	b.most.Store(max(b.most.Load(), b.now.Add(1)))
	time.Sleep(d)
	b.now.Add(-1)
}

// In pond v2.7.1, ants v2.12.1 and errgroup with SetLimit(1) this is a deadlock.
func TestSubmitAndWaitInsideATaskOnAPoolOfOne(t *testing.T) {
	forEachPoolOfOne(t, func(t *testing.T, p *Pool) {
		var b busy
		var nest func(ctx context.Context, depth int) (int, error)
		nest = func(ctx context.Context, depth int) (int, error) {
			b.work(time.Second)
			if depth == 0 {
				return 1, nil
			}
			child, err := Submit(ctx, p, func(ctx context.Context) (int, error) { return nest(ctx, depth-1) })
			if err != nil {
				return 0, err
			}
			n, err := child.Wait(ctx)
			b.work(time.Second)
			return n + 1, err
		}
		start := time.Now()
		task, err := Submit(t.Context(), p, func(ctx context.Context) (int, error) { return nest(ctx, 5) })
		require.NoError(t, err)
		other, err := Submit(t.Context(), p, func(context.Context) (int, error) { b.work(time.Second); return 0, nil })
		require.NoError(t, err)
		n, err := task.Wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, 6, n)
		require.Equal(t, 11*time.Second, time.Since(start), "those that somebody waits for go first")
		_, err = other.Wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, int64(1), b.most.Load())
	})
}

func TestEveryWayToWaitInsideATaskOfGo(t *testing.T) {
	forEachPoolOfOne(t, func(t *testing.T, p *Pool) {
		var b busy
		unit := func(ctx context.Context) error { b.work(time.Second); return ctx.Err() }
		square := func(_ context.Context, n int) (int, error) { b.work(time.Second); return n * n, nil }
		in := slices.Values([]int{1, 2, 3})
		done := false
		require.NoError(t, p.Go(t.Context(), func(ctx context.Context) error {
			require.NoError(t, p.Group(ctx, func(ctx context.Context, g *Group) error {
				for range 3 {
					g.Go(unit)
				}
				return nil
			}))
			out, err := Map(ctx, p, in, square)
			require.NoError(t, err)
			require.Equal(t, []int{1, 4, 9}, out)
			sum := 0
			for v, err := range AsCompleted(ctx, p, in, square) {
				require.NoError(t, err)
				sum += v
			}
			require.Equal(t, 14, sum)
			var tasks []*Task[int]
			for range 3 { // more than the queue holds
				task, err := Submit(ctx, p, func(ctx context.Context) (int, error) { return square(ctx, 2) })
				require.NoError(t, err)
				tasks = append(tasks, task)
			}
			some, late := WaitAny(ctx, tasks...)
			require.Len(t, some, 1)
			require.Len(t, late, 2)
			all, late := WaitAll(ctx, tasks...)
			require.Len(t, all, 3)
			require.Empty(t, late)
			done = true
			return nil
		}))
		_, err := p.Shutdown(t.Context())
		require.NoError(t, err, "also what tasks submit is drained")
		require.True(t, done)
		require.Equal(t, int64(1), b.most.Load())
	})
}

func TestATaskWhoseRetriesSomebodyWaitsForRunsInHisPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := New(nil, Config{Limit: 1, Retry: Retry{Attempts: 3}})
		require.NoError(t, err)
		task, err := Submit(t.Context(), p, func(ctx context.Context) (int, error) {
			n := 0
			child, err := Submit(ctx, p, func(context.Context) (int, error) {
				if n++; n < 3 {
					return 0, errBoom
				}
				return n, nil
			})
			require.NoError(t, err)
			return child.Wait(ctx)
		})
		require.NoError(t, err)
		n, err := task.Wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, 3, n)
		synctest.Wait()
		idle(t, p, nil)
	})
}

func TestWhoGivesUpGoesOnWhenHisPlaceIsFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := New(nil, Config{Limit: 1})
		require.NoError(t, err)
		var b busy
		start := time.Now()
		task, err := Submit(t.Context(), p, func(ctx context.Context) (int, error) {
			child, err := Submit(ctx, p, func(context.Context) (int, error) { b.work(time.Minute); return 1, nil })
			require.NoError(t, err)
			short, cancel := context.WithTimeoutCause(ctx, time.Second, errBoom)
			defer cancel()
			_, err = child.Wait(short)
			b.work(time.Second)
			return 0, err
		})
		require.NoError(t, err)
		_, err = task.Wait(t.Context())
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, time.Minute+time.Second, time.Since(start))
		require.Equal(t, int64(1), b.most.Load())
		synctest.Wait()
		idle(t, p, nil)
	})
}

// Two pools of one whose tasks wait for each other's in turn.
func TestTasksOfTwoPoolsThatWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, err := New(nil, Config{Limit: 1})
		require.NoError(t, err)
		b, err := New(nil, Config{Limit: 1})
		require.NoError(t, err)
		var atA, atB busy
		var nest func(ctx context.Context, depth int, at *busy, here, there *Pool) error
		nest = func(ctx context.Context, depth int, at *busy, here, there *Pool) error {
			at.work(time.Second)
			if depth == 0 {
				return nil
			}
			other := &atA
			if at == other {
				other = &atB
			}
			task, err := Submit(ctx, there, func(ctx context.Context) (int, error) {
				return 0, nest(ctx, depth-1, other, there, here)
			})
			if err != nil {
				return err
			}
			_, err = task.Wait(ctx)
			at.work(time.Second)
			return err
		}
		task, err := Submit(t.Context(), a, func(ctx context.Context) (int, error) { return 0, nest(ctx, 6, &atA, a, b) })
		require.NoError(t, err)
		_, err = task.Wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, int64(1), atA.most.Load())
		require.Equal(t, int64(1), atB.most.Load())
		synctest.Wait()
		idle(t, a, nil)
		idle(t, b, nil)
	})
}

// A task that was left behind by one that works on does not get its place.
func TestOnlyTheTaskThatWaitsLendsItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, err := New(nil, Config{Limit: 1})
		require.NoError(t, err)
		b, err := New(nil, Config{Limit: 1})
		require.NoError(t, err)
		var atA busy
		require.NoError(t, a.Go(t.Context(), func(ctx context.Context) error {
			require.NoError(t, b.Go(ctx, func(ctx context.Context) error {
				task, err := Submit(ctx, a, func(context.Context) (int, error) { atA.work(time.Second); return 0, nil })
				require.NoError(t, err)
				_, err = task.Wait(ctx)
				return err
			}))
			atA.work(time.Minute)
			return nil
		}))
		time.Sleep(time.Hour)
		require.Equal(t, int64(1), atA.most.Load())
		idle(t, a, nil)
		idle(t, b, nil)
	})
}
