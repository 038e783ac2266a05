package pool

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// counting yields 0, 1, 2 … for ever and keeps how many were taken.
func counting(taken *int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for ; yield(*taken); *taken++ {
		}
	}
}

func TestAsCompletedYieldsInTheOrderOfTheEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 3)
		var out []int
		for v, err := range AsCompleted(t.Context(), p, slices.Values([]int{5, 1, 3, 9}), func(_ context.Context, n int) (int, error) {
			time.Sleep(time.Duration(n) * time.Second)
			if n == 3 {
				return n, errBoom
			}
			return n, nil
		}) {
			require.Equal(t, v == 3, err != nil)
			out = append(out, v)
		}
		require.Equal(t, []int{1, 3, 5, 9}, out)
		synctest.Wait()
		idle(t, p, lim)
	})
}

func TestAsCompletedTakesAnEndlessInputAsItIsNeededAndBreakCancelsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 2)
		taken, n := 0, 0
		var cancelled atomic.Int64
		for v, err := range AsCompleted(t.Context(), p, counting(&taken), func(ctx context.Context, n int) (int, error) {
			select {
			case <-time.After(time.Second + time.Duration(n)): // one after the other
				return n, nil
			case <-ctx.Done():
				cancelled.Add(1)
				time.Sleep(time.Second) // the loop waits for this
				return 0, ctx.Err()
			}
		}) {
			require.NoError(t, err)
			require.Equal(t, n, v)
			if n++; n == 1000 {
				break
			}
		}
		require.LessOrEqual(t, cancelled.Load(), int64(2), "no more than may run")
		require.Positive(t, cancelled.Load())
		require.LessOrEqual(t, taken, 1000+16)
		require.Zero(t, p.Stats().Running+p.Stats().Waiting)
		synctest.Wait()
		idle(t, p, lim)
	})
}

func TestAnEndlessInputTakesConstantMemory(t *testing.T) {
	p, err := New(nil, Config{Limit: 4})
	require.NoError(t, err)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	taken, n := 0, 0
	var before uint64
	for _, err := range AsCompleted(t.Context(), p, counting(&taken), func(context.Context, int) ([100]int, error) {
		return [100]int{}, nil
	}) {
		require.NoError(t, err)
		switch n++; n {
		case 1000:
			before = heap()
		case 50_000:
			require.Less(t, int64(heap())-int64(before), int64(1<<20))
			return
		}
	}
}

func TestAsCompletedTellsWhyTheInputWasNotWorkedOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 2)
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errBoom)
		defer cancel()
		taken := 0
		var last error
		for _, err := range AsCompleted(ctx, p, counting(&taken), func(ctx context.Context, n int) (int, error) {
			time.Sleep(time.Second)
			return n, nil
		}) {
			last = err
		}
		require.ErrorIs(t, last, errBoom)
		p.Close()
		for _, err := range AsCompleted(t.Context(), p, counting(&taken), sleepFor) {
			last = err
		}
		require.ErrorIs(t, last, ErrClosed)
		synctest.Wait()
		idle(t, p, lim)
	})
}

func sleepFor(ctx context.Context, n int) (int, error) {
	_, err := sleep(time.Duration(n) * time.Second)(ctx)
	return n, err
}

func TestGatherReturnsAllResultsAndErrorsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 2)
		all, err := Gather(t.Context(), p, slices.Values([]int{4, 0, 2}), func(ctx context.Context, n int) (int, error) {
			time.Sleep(time.Duration(n) * time.Second)
			if n == 0 {
				return 0, errBoom
			}
			return 10 * n, nil
		})
		require.NoError(t, err)
		require.Equal(t, []Result[int]{{40, nil}, {0, errBoom}, {20, nil}}, all)
		ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Second, errBoom)
		defer cancel()
		all, err = Gather(ctx, p, slices.Values([]int{1, 100, 2, 300}), sleepFor)
		require.NoError(t, err, "each of them was taken")
		require.Equal(t, []Result[int]{{1, nil}, {100, errBoom}, {2, nil}, {300, errBoom}}, all)
		synctest.Wait()
		idle(t, p, lim)
	})
}

func TestFirstReturnsTheFirstSuccessAndCancelsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 5)
		start := time.Now()
		v, err := First(t.Context(), p, slices.Values([]int{-1, 7, 3, 9}), func(ctx context.Context, n int) (int, error) {
			if n < 0 {
				return 0, errBoom
			}
			return sleepFor(ctx, n)
		})
		require.NoError(t, err)
		require.Equal(t, 3, v)
		require.Equal(t, 3*time.Second, time.Since(start))
		_, err = First(t.Context(), p, slices.Values([]int{1, 2}), func(context.Context, int) (int, error) { return 0, errBoom })
		require.ErrorIs(t, err, errBoom)
		_, err = First(t.Context(), p, slices.Values([]int(nil)), sleepFor)
		require.ErrorContains(t, err, "the input is empty")
		synctest.Wait()
		idle(t, p, lim)
	})
}

func TestWaitAllAndWaitAnyKeepApartWhatIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 5)
		var tasks []*Task[int]
		for _, n := range []int{3, 1, 2, 60} {
			task, err := Submit(t.Context(), p, func(ctx context.Context) (int, error) { return sleepFor(ctx, n) })
			require.NoError(t, err)
			tasks = append(tasks, task)
		}
		done, late := WaitAny(t.Context(), tasks...)
		require.Equal(t, []*Task[int]{tasks[1]}, done)
		require.Len(t, late, 3)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		done, late = WaitAll(ctx, tasks...)
		require.Equal(t, tasks[:3], done)
		require.Equal(t, tasks[3:], late)
		done, _ = WaitAny(ctx, tasks...)
		require.Len(t, done, 3, "those that have ended need no time")
		done, late = WaitAny(ctx, late...)
		require.Empty(t, done)
		late[0].Cancel(errBoom)
		_, err := late[0].Wait(t.Context())
		require.ErrorIs(t, err, errBoom)
		done, late = WaitAny[int](t.Context())
		require.Nil(t, done)
		require.Nil(t, late)
		synctest.Wait()
		idle(t, p, lim)
	})
}

func TestStreamsOfNothing(t *testing.T) {
	p, _ := newPool(t, 1)
	_, err := Map(t.Context(), p, nil, sleepFor)
	require.ErrorContains(t, err, "input is nil")
	_, err = Gather[int, int](t.Context(), p, slices.Values([]int{1}), nil)
	require.ErrorContains(t, err, "function is nil")
	_, err = First[int, int](t.Context(), p, slices.Values([]int{1}), nil)
	require.ErrorContains(t, err, "function is nil")
	for _, err = range AsCompleted[int, int](t.Context(), p, slices.Values([]int{1}), nil) {
		require.ErrorContains(t, err, "function is nil")
	}
	require.Error(t, err)
	out, err := Map(t.Context(), p, slices.Values([]int(nil)), sleepFor)
	require.NoError(t, err)
	require.Empty(t, out)
}

func TestAPanicInTheInputOrTheLoopLeavesNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 2)
		bad := func(yield func(int) bool) {
			yield(1)
			panic("input")
		}
		require.PanicsWithValue(t, "input", func() { _, _ = Map(t.Context(), p, bad, sleepFor) })
		require.PanicsWithValue(t, "loop", func() {
			for range AsCompleted(t.Context(), p, slices.Values([]int{1, 2, 3, 4}), sleepFor) {
				panic("loop")
			}
		})
		synctest.Wait()
		idle(t, p, lim)
	})
}

func TestMapStopsAtTheFirstError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 2)
		start := time.Now()
		_, err := Map(t.Context(), p, slices.Values([]int{1, 100, 100}), func(ctx context.Context, n int) (int, error) {
			if _, err := sleepFor(ctx, n); err != nil {
				return 0, errors.Join(errors.New("late"), err)
			}
			return 0, errBoom
		})
		require.Equal(t, errBoom, err)
		require.Equal(t, time.Second, time.Since(start))
		synctest.Wait()
		idle(t, p, lim)
	})
}
