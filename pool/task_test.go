package pool

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
)

var errBoom = errors.New("boom")

func sleep(d time.Duration) func(context.Context) (time.Duration, error) {
	return func(ctx context.Context) (time.Duration, error) {
		select {
		case <-time.After(d):
			return d, nil
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

func TestAPermitIsAWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 3)
		var now, most atomic.Int64
		start := time.Now()
		var tasks []*Task[int]
		for i := range 10 {
			task, err := Submit(t.Context(), p, func(context.Context) (int, error) {
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(time.Second)
				now.Add(-1)
				return i, nil
			})
			require.NoError(t, err)
			tasks = append(tasks, task)
		}
		synctest.Wait()
		require.Equal(t, standing{waiting: 7, running: 3}, stand(p))
		require.Zero(t, lim.Stats().Waiting, "its own tasks end and ask in turn")
		time.Sleep(nudgeEvery)
		synctest.Wait()
		require.Equal(t, 1, lim.Stats().Waiting, "the pool waits for one permit at a time")
		for i, task := range tasks {
			v, err := task.Wait(t.Context())
			require.NoError(t, err)
			require.Equal(t, i, v)
		}
		require.Equal(t, int64(3), most.Load())
		require.Equal(t, 4*time.Second, time.Since(start))
		synctest.Wait()
		require.Equal(t, uint64(10), lim.Stats().Ended[adaptive.Success])
		require.Equal(t, standing{ended: 10}, stand(p))
		idle(t, p, lim)
	})
}

func TestTasksStartInTheOrderTheyWereAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 1)
		var order []int
		for i := range 50 {
			require.NoError(t, p.Go(t.Context(), func(context.Context) error {
				order = append(order, i)
				return nil
			}))
		}
		_, err := p.Shutdown(t.Context())
		require.NoError(t, err)
		require.Len(t, order, 50)
		require.IsIncreasing(t, order)
		synctest.Wait()
		idle(t, p, lim)
	})
}

func TestThePoolFollowsTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 2)
		for range 20 {
			_, err := Submit(t.Context(), p, sleep(time.Second))
			require.NoError(t, err)
		}
		synctest.Wait()
		require.Equal(t, 2, p.Stats().Running)
		require.NoError(t, lim.SetLimit(5))
		time.Sleep(nudgeEvery) // no task ends before
		synctest.Wait()
		require.Equal(t, 5, p.Stats().Running)
		require.NoError(t, lim.SetLimit(1))
		time.Sleep(1500 * time.Millisecond)
		require.Equal(t, 1, p.Stats().Running)
		_, err := p.Shutdown(t.Context())
		require.NoError(t, err)
		synctest.Wait()
		idle(t, p, lim)
	})
}

func TestPanicAndGoexitAreErrorsOfTheTask(t *testing.T) {
	p, lim := newPool(t, 1)
	task, err := Submit(t.Context(), p, func(context.Context) (int, error) { panic(errBoom) })
	require.NoError(t, err)
	_, err = task.Wait(t.Context())
	var e *PanicError
	require.ErrorAs(t, err, &e)
	require.ErrorIs(t, err, errBoom)
	require.Contains(t, string(e.Stack), "TestPanicAndGoexit", "the stack is of where it happened")

	task, err = Submit(t.Context(), p, func(context.Context) (int, error) { runtime.Goexit(); return 1, nil })
	require.NoError(t, err)
	_, err = task.Wait(t.Context())
	require.ErrorIs(t, err, ErrGoexit)

	task, err = Submit(t.Context(), p, func(context.Context) (int, error) { panic("text") })
	require.NoError(t, err)
	_, err = task.Wait(t.Context())
	require.ErrorContains(t, err, "pool: task panicked: text")
	_, err = p.Shutdown(t.Context())
	require.NoError(t, err)
	require.Equal(t, uint64(3), lim.Stats().Ended[adaptive.Abandoned])
	idle(t, p, lim)
}

func TestCancelEndsAWaitingTaskAndTellsARunningOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 1)
		running, err := Submit(t.Context(), p, sleep(time.Hour))
		require.NoError(t, err)
		waiting, err := Submit(t.Context(), p, func(context.Context) (int, error) { t.Error("ran"); return 0, nil })
		require.NoError(t, err)
		waiting.Cancel(nil)
		synctest.Wait()
		select {
		case <-waiting.Done():
		default:
			t.Error("a waiting task ends without a wait")
		}
		_, err = waiting.Wait(t.Context())
		require.ErrorIs(t, err, ErrCancelled)
		require.Zero(t, lim.Stats().Waiting, "nobody waits, so the pool does not either")
		running.Cancel(nil)
		_, err = running.Wait(t.Context())
		require.ErrorIs(t, err, ErrCancelled)
		running.Cancel(nil)
		synctest.Wait()
		require.Equal(t, uint64(1), lim.Stats().Ended[adaptive.Ignored])
		idle(t, p, lim)
	})
}

func TestAWaitingTaskEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 1)
		_, err := Submit(t.Context(), p, sleep(time.Minute))
		require.NoError(t, err)
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errBoom)
		defer cancel()
		start := time.Now()
		task, err := Submit(ctx, p, sleep(0))
		require.NoError(t, err)
		_, err = task.Wait(t.Context())
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, time.Second, time.Since(start))
		_, err = Submit(ctx, p, sleep(0))
		require.ErrorIs(t, err, errBoom)
		_, err = p.Shutdown(t.Context())
		require.NoError(t, err)
		synctest.Wait()
		idle(t, p, lim)
	})
}

func TestWaitGivesUpWithItsContextAndTheTaskGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 1)
		task, err := Submit(t.Context(), p, sleep(time.Minute))
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = task.Wait(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		v, err := task.Wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, time.Minute, v)
		v, err = task.Wait(ctx)
		require.NoError(t, err, "a result that is there is given to whoever asks")
		require.Equal(t, time.Minute, v)
		synctest.Wait()
		idle(t, p, lim)
	})
}

func TestSubmitBlocksWhileTheQueueIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lim := newLimiter(t, 1, 0)
		p, err := New(lim, Config{Queue: 2})
		require.NoError(t, err)
		start := time.Now()
		for range 3 {
			_, err := Submit(t.Context(), p, sleep(time.Second))
			require.NoError(t, err)
		}
		require.Zero(t, time.Since(start))
		_, err = Submit(t.Context(), p, sleep(time.Second))
		require.NoError(t, err)
		require.Equal(t, time.Second, time.Since(start))
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err = Submit(ctx, p, sleep(time.Second))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		go func() {
			time.Sleep(time.Millisecond)
			p.Close()
		}()
		_, err = Submit(t.Context(), p, sleep(time.Second))
		require.ErrorIs(t, err, ErrClosed)
		_, err = p.Shutdown(t.Context())
		require.NoError(t, err)
		synctest.Wait()
		idle(t, p, lim)
	})
}

// What a worker has in hand while it asks for a permit may wait again, so it counts
// as waiting until the guard has answered.
func TestWhoIsHeldBackByTasksInHandIsLetInWhenTheGuardHasAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lim := newLimiter(t, 2, 0)
		answer := make(chan struct{})
		p, err := New(hookedGuard{lim, func() { <-answer }}, Config{Limit: 2, Queue: 2})
		require.NoError(t, err)
		for range 2 {
			_, err := Submit(t.Context(), p, sleep(time.Minute))
			require.NoError(t, err)
		}
		start := time.Now()
		go func() {
			time.Sleep(time.Second)
			close(answer)
		}()
		_, err = Submit(t.Context(), p, sleep(time.Minute))
		require.NoError(t, err)
		require.Equal(t, time.Second, time.Since(start))
		_, err = p.Shutdown(t.Context())
		require.NoError(t, err)
		synctest.Wait()
		idle(t, p, lim)
	})
}

func TestAGuardThatLetsNobodyWaitIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lim := newLimiter(t, 2, -1)
		p, err := New(lim, Config{})
		require.NoError(t, err)
		var tasks []*Task[time.Duration]
		for range 9 {
			task, err := Submit(t.Context(), p, sleep(time.Second))
			require.NoError(t, err)
			tasks = append(tasks, task)
		}
		for _, task := range tasks {
			_, err := task.Wait(t.Context())
			require.NoError(t, err)
		}
		other, ok1 := lim.TryAcquire()
		another, ok2 := lim.TryAcquire()
		require.True(t, ok1 && ok2)
		synctest.Wait()
		task, err := Submit(t.Context(), p, sleep(0))
		require.NoError(t, err)
		_, err = task.Wait(t.Context())
		require.ErrorIs(t, err, adaptive.ErrRejected, "nothing of ours runs, so there is nothing to wait for")
		other.Done(adaptive.Success)
		another.Done(adaptive.Success)
		idle(t, p, lim)
	})
}

func TestARejectionIsTheTasksResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 1)
		_, err := Submit(t.Context(), p, sleep(time.Second))
		require.NoError(t, err)
		var tasks []*Task[time.Duration]
		for range 2000 / 2 {
			task, err := Submit(t.Context(), p, sleep(time.Second))
			require.NoError(t, err)
			tasks = append(tasks, task)
		}
		lim.Suspend(errBoom)
		for _, task := range tasks {
			_, err := task.Wait(t.Context())
			require.ErrorIs(t, err, errBoom)
		}
		_, err = p.Shutdown(t.Context())
		require.NoError(t, err)
		synctest.Wait()
		idle(t, p, lim)
	})
}
