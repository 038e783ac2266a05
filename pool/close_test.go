package pool

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
)

func TestShutdownDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 2)
		var tasks []*Task[time.Duration]
		for range 6 {
			task, err := Submit(t.Context(), p, sleep(time.Second))
			require.NoError(t, err)
			tasks = append(tasks, task)
		}
		start := time.Now()
		lost, err := p.Shutdown(t.Context())
		require.NoError(t, err)
		require.True(t, lost.Clean())
		require.Equal(t, 3*time.Second, time.Since(start))
		for _, task := range tasks {
			_, err := task.Wait(t.Context())
			require.NoError(t, err)
		}
		_, err = Submit(t.Context(), p, sleep(0))
		require.ErrorIs(t, err, ErrClosed)
		idle(t, p, lim)
	})
}

func TestShutdownThatRunsOutOfTimeSaysWhatWasLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 2)
		var tasks []*Task[time.Duration]
		for range 6 {
			task, err := Submit(t.Context(), p, sleep(time.Second))
			require.NoError(t, err)
			tasks = append(tasks, task)
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), 1500*time.Millisecond, errBoom)
		defer cancel()
		lost, err := p.Shutdown(ctx)
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, Report{Waiting: 2, Running: 2}, lost)
		_, err = p.Shutdown(t.Context())
		require.NoError(t, err)
		for i, task := range tasks {
			_, err := task.Wait(t.Context())
			if i < 2 {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, ErrClosed)
			}
		}
		idle(t, p, lim)
	})
}

func TestCloseEndsWhatWaitsAndLeavesWhatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 1)
		running, err := Submit(t.Context(), p, sleep(time.Second))
		require.NoError(t, err)
		waiting, err := Submit(t.Context(), p, sleep(time.Second))
		require.NoError(t, err)
		synctest.Wait()
		p.Close()
		p.Close()
		require.Zero(t, lim.Stats().Waiting)
		_, err = waiting.Wait(t.Context())
		require.ErrorIs(t, err, ErrClosed)
		_, err = running.Wait(t.Context())
		require.NoError(t, err)
		synctest.Wait()
		idle(t, p, lim)
	})
}

func TestTasksThatNeverStartedAreToldOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var unheard []error
		p, err := NewWith(nil, Config{Limit: 1}, Parts{OnError: func(err error) { unheard = append(unheard, err) }})
		require.NoError(t, err)
		require.NoError(t, p.Go(t.Context(), func(context.Context) error { time.Sleep(time.Second); return nil }))
		synctest.Wait()
		group := make(chan error, 1)
		go func() {
			group <- p.Group(t.Context(), func(_ context.Context, g *Group) error {
				g.Go(func(context.Context) error { return nil })
				return nil
			})
		}()
		synctest.Wait()
		require.Equal(t, 1, p.CancelQueued(errBoom))
		require.ErrorIs(t, <-group, errBoom)
		require.NoError(t, p.Go(t.Context(), nothing))
		p.Close()
		require.Equal(t, []error{ErrClosed}, unheard)
		_, err = p.Shutdown(t.Context())
		require.NoError(t, err)
	})
}

// hookedGuard calls hook while AcquireFunc is on its way back.
type hookedGuard struct {
	adaptive.Guard
	hook func()
}

func (g hookedGuard) AcquireFunc(f func(adaptive.Permit, error)) (stop func() bool) {
	defer g.hook()
	return g.Guard.AcquireFunc(f)
}

func TestAPoolClosedWhileItAsksLeavesTheGuardsQueue(t *testing.T) {
	lim := newLimiter(t, 1, 0)
	other, ok := lim.TryAcquire()
	require.True(t, ok)
	var p *Pool
	p, err := New(hookedGuard{lim, func() { p.Close() }}, Config{})
	require.NoError(t, err)
	task, err := Submit(t.Context(), p, sleep(0))
	require.NoError(t, err)
	_, err = task.Wait(t.Context())
	require.ErrorIs(t, err, ErrClosed)
	require.Zero(t, lim.Stats().Waiting)
	other.Done(adaptive.Success)
	idle(t, p, lim)
}

// What the guard says of a task in hand comes too late if all that waits is ended
// meanwhile: the task is among those that were, and does not start.
func TestATaskInHandIsAmongThoseThatWait(t *testing.T) {
	for _, admitted := range []bool{true, false} {
		for name, end := range map[string]func(*testing.T, *Pool) error{
			"Shutdown": func(t *testing.T, p *Pool) error {
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				lost, err := p.Shutdown(ctx)
				require.ErrorIs(t, err, context.Canceled)
				require.Equal(t, Report{Waiting: 2}, lost)
				return ErrClosed
			},
			"CancelQueued": func(t *testing.T, p *Pool) error {
				require.Equal(t, 2, p.CancelQueued(errBoom))
				require.Zero(t, p.CancelQueued(nil))
				return errBoom
			},
		} {
			t.Run(fmt.Sprintf("%s, admitted %t", name, admitted), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					lim := newLimiter(t, 1, 0)
					if !admitted {
						other, ok := lim.TryAcquire()
						require.True(t, ok)
						defer other.Done(adaptive.Ignored)
					}
					asks, answer := make(chan struct{}, 4), make(chan struct{})
					p, err := New(hookedGuard{lim, func() { asks <- struct{}{}; <-answer }}, Config{Limit: 1})
					require.NoError(t, err)
					var tasks []*Task[time.Duration]
					for range 2 {
						task, err := Submit(t.Context(), p, sleep(time.Second))
						require.NoError(t, err)
						tasks = append(tasks, task)
					}
					<-asks
					require.Equal(t, standing{waiting: 2}, stand(p))
					for _, task := range p.Tasks() {
						require.Equal(t, "waiting", task.State)
					}
					cause := end(t, p)
					close(answer)
					for _, task := range tasks {
						_, err := task.Wait(t.Context())
						require.Equal(t, cause, err)
					}
					synctest.Wait()
					require.Zero(t, p.Stats().Attempts)
					require.Zero(t, lim.Stats().Ended[adaptive.Success])
					_, err = p.Shutdown(t.Context())
					require.NoError(t, err)
				})
			})
		}
	}
}

// TestNoTaskIsLostBetweenSubmitAndShutdown races the two: whatever was accepted
// has one result, whatever was refused never ran.
func TestNoTaskIsLostBetweenSubmitAndShutdown(t *testing.T) {
	for round := range 200 {
		lim := newLimiter(t, 1+round%4, []int{0, -1}[round%2])
		p, err := New(lim, Config{Queue: 1 + round%3})
		require.NoError(t, err)
		var accepted, refused, ran, results, never atomic.Int64
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 10 {
					task, err := Submit(t.Context(), p, func(context.Context) (int, error) {
						ran.Add(1)
						return 1, nil
					})
					if err != nil {
						require.ErrorIs(t, err, ErrClosed)
						refused.Add(1)
						continue
					}
					accepted.Add(1)
					wg.Go(func() {
						v, err := task.Wait(t.Context())
						results.Add(1)
						if err != nil {
							never.Add(1)
						}
						if err == nil && v != 1 || err != nil && v != 0 {
							t.Errorf("result %d, %v", v, err)
						}
					})
				}
			})
		}
		var lost Report
		if round%5 == 0 {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			lost, _ = p.Shutdown(ctx)
		}
		_, err = p.Shutdown(t.Context())
		require.NoError(t, err)
		wg.Wait()
		require.Equal(t, int64(40), accepted.Load()+refused.Load())
		require.Equal(t, accepted.Load(), results.Load())
		require.Equal(t, accepted.Load(), ran.Load()+never.Load())
		require.GreaterOrEqual(t, never.Load(), int64(lost.Waiting))
		require.LessOrEqual(t, never.Load(), int64(lost.Waiting+lost.Running))
		require.Equal(t, uint64(ran.Load()), lim.Stats().Ended[adaptive.Success])
		idle(t, p, lim)
	}
}
