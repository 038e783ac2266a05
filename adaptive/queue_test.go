package adaptive

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// goAcquire acquires in a goroutine of the bubble and returns once that waits or
// has its answer.
func goAcquire(ctx context.Context, l *Limiter) <-chan answer {
	got := make(chan answer, 1)
	go func() {
		p, err := l.Acquire(ctx)
		got <- answer{p, err}
	}()
	synctest.Wait()
	return got
}

func waits(t *testing.T, got <-chan answer) {
	t.Helper()
	synctest.Wait()
	require.Empty(t, got, "answered, should wait")
}

func admitted(t *testing.T, got <-chan answer) Permit {
	t.Helper()
	synctest.Wait()
	require.NotEmpty(t, got, "still waits")
	a := <-got
	require.NoError(t, a.err)
	return a.p
}

func refusedWith(t *testing.T, got <-chan answer, want error) {
	t.Helper()
	synctest.Wait()
	require.NotEmpty(t, got, "still waits")
	require.Same(t, want, (<-got).err)
}

func TestI5WaitersAreAdmittedInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := fixedAt(t, 1, 100)
		p := take(t, l, 1)[0]
		var queue []<-chan answer
		for range 20 {
			queue = append(queue, goAcquire(context.Background(), l))
		}
		require.Equal(t, 20, l.Stats().Waiting)
		for i, got := range queue {
			for _, behind := range queue[i:] {
				waits(t, behind)
			}
			p.Done(Success)
			p = admitted(t, got)
		}
		p.Done(Success)
		require.Zero(t, l.Stats().InFlight)
		require.EqualValues(t, 21, l.Stats().Ended[Success])
	})
}

func TestI7CancelledWaiterLosesNothingWhereverItStands(t *testing.T) {
	const n = 5
	for gone := range n {
		t.Run("waiter "+strconv.Itoa(gone), func(t *testing.T) {
			l := fixedAt(t, 1, n)
			p := take(t, l, 1)[0]
			var q line
			var stops []func() bool
			var want []string
			for i := range n {
				name := strconv.Itoa(i)
				stops = append(stops, q.join(l, name))
				if i != gone {
					want = append(want, name)
				}
			}
			require.True(t, stops[gone]())
			require.False(t, stops[gone](), "withdrawn twice")
			require.Equal(t, n-1, l.Stats().Waiting)
			p.Done(Success)
			for i := range want {
				require.Len(t, q.admitted, i+1)
				q.permits[want[i]].Done(Success)
			}
			require.Equal(t, want, q.admitted)
			require.Zero(t, l.Stats().InFlight)
			for _, stop := range stops {
				require.False(t, stop(), "withdrawn after it was called")
			}
			take(t, l, 1) // nobody waits, so no flag may be left
		})
	}
}

func TestI7LastWaiterToLeaveOpensTheWayForNewcomers(t *testing.T) {
	l := fixedAt(t, 1, 5)
	p := take(t, l, 1)[0]
	var q line
	a, b := q.join(l, "a"), q.join(l, "b")
	require.True(t, b())
	require.True(t, a())
	p.Done(Success)
	take(t, l, 1)
	require.Empty(t, q.admitted)
}

func TestI7CancelledAcquireReturnsItsCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := fixedAt(t, 1, 10)
		p := take(t, l, 1)[0]
		why := errors.New("why")
		ctx, cancel := context.WithCancelCause(context.Background())
		first := goAcquire(ctx, l)
		second := goAcquire(context.Background(), l)
		cancel(why)
		refusedWith(t, first, why)
		waits(t, second)
		require.Equal(t, 1, l.Stats().Waiting)
		require.Zero(t, l.Stats().Rejected, "a caller who leaves is not rejected")
		p.Done(Success)
		admitted(t, second).Done(Success)
		require.Zero(t, l.Stats().InFlight)
	})
}

func TestI7DeadContextIsNeverAdmittedAndChangesNothing(t *testing.T) {
	l := fixedAt(t, 5, 10)
	why := errors.New("why")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(why)
	before := l.Stats()
	_, err := l.Acquire(ctx)
	require.Same(t, why, err)
	require.NotErrorIs(t, err, ErrRejected)
	require.Equal(t, before, l.Stats())

	take(t, l, 5)
	before = l.Stats()
	_, err = l.Acquire(ctx)
	require.Same(t, why, err)
	require.Equal(t, before, l.Stats())
}

// The two orders in which a grant and a cancel can meet. With one processor the
// waiter does not run between them.
func TestI7GrantThatMeetsACancelGoesToTheNext(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for name, meet := range map[string]func(cancel, done func()){
		"cancelled, then granted": func(cancel, done func()) { cancel(); done() },
		"granted, then cancelled": func(cancel, done func()) { done(); cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := fixedAt(t, 1, 10)
				p := take(t, l, 1)[0]
				why := errors.New("why")
				ctx, cancel := context.WithCancelCause(context.Background())
				first := goAcquire(ctx, l)
				second := goAcquire(context.Background(), l)
				meet(func() { cancel(why) }, func() { p.Done(Success) })
				refusedWith(t, first, why)
				admitted(t, second).Done(Success)
				s := l.Stats()
				require.Zero(t, s.InFlight)
				require.Equal(t, [Outcomes]uint64{Success: 2}, s.Ended, "a call that was not sent did not end")
				take(t, l, 1)
			})
		})
	}
}

func TestMaxWaitIsExactAndCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := New(Config{Law: "fixed:1", MaxWait: 30 * time.Millisecond})
		require.NoError(t, err)
		p := take(t, l, 1)[0]
		began := time.Now()
		first := goAcquire(context.Background(), l)
		time.Sleep(10 * time.Millisecond)
		second := goAcquire(context.Background(), l)
		time.Sleep(20*time.Millisecond - 1)
		waits(t, first)
		refusedWith(t, first, func() error { time.Sleep(time.Nanosecond); return l.Rejection(RejectQueueTimeout) }())
		require.Equal(t, 30*time.Millisecond, time.Since(began))
		require.EqualValues(t, 1, l.Stats().Rejected[RejectQueueTimeout])
		p.Done(Success)
		admitted(t, second).Done(Success)
		require.Zero(t, l.Stats().InFlight)

		_, err = l.Acquire(context.Background())
		require.NoError(t, err, "MaxWait is only for those who wait")
	})
}

func TestContextThatEndsBeforeMaxWaitIsTheReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := New(Config{Law: "fixed:1", MaxWait: time.Hour})
		require.NoError(t, err)
		take(t, l, 1)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		began := time.Now()
		_, err = l.Acquire(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(began))
		require.Zero(t, l.Stats().Rejected)
		require.Zero(t, l.Stats().Waiting)
	})
}

func TestQueueHoldsExactlyQueueCalls(t *testing.T) {
	l := fixedAt(t, 1, 3)
	p := take(t, l, 1)[0]
	var q line
	for _, name := range []string{"a", "b", "c", "d"} {
		q.join(l, name)
	}
	require.Equal(t, []string{"d"}, q.rejected)
	require.Same(t, l.Rejection(RejectQueueFull), q.errs[0])
	_, err := l.Acquire(context.Background())
	require.Same(t, l.Rejection(RejectQueueFull), err)
	require.Equal(t, 3, l.Stats().Waiting)
	require.EqualValues(t, 2, l.Stats().Rejected[RejectQueueFull])
	p.Done(Success)
	q.join(l, "e")
	require.Equal(t, 3, l.Stats().Waiting)
}

func TestWithoutAQueueNobodyWaits(t *testing.T) {
	l := fixedAt(t, 1, -1)
	take(t, l, 1)
	_, err := l.Acquire(context.Background())
	require.Same(t, l.Rejection(RejectLimit), err)
	var q line
	q.join(l, "a")
	require.Equal(t, []error{l.Rejection(RejectLimit)}, q.errs)
	full(t, l)
	require.EqualValues(t, 3, l.Stats().Rejected[RejectLimit])
	require.EqualValues(t, 3, l.Stats().Blocked)
}

func TestI8CloseAnswersGoroutinesThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := fixedAt(t, 1, 10)
		take(t, l, 1)
		first, second := goAcquire(context.Background(), l), goAcquire(context.Background(), l)
		l.Close()
		refusedWith(t, first, l.Rejection(RejectClosed))
		refusedWith(t, second, l.Rejection(RejectClosed))
	})
}

func TestLimiterMayBeSharedBetweenBubbles(t *testing.T) {
	shared := fixedAt(t, 1, 10)
	for range 3 {
		synctest.Test(t, func(t *testing.T) {
			p := take(t, shared, 1)[0]
			got := goAcquire(context.Background(), shared)
			p.Done(Success)
			admitted(t, got).Done(Success)
		})
	}
	require.Zero(t, shared.Stats().InFlight)
}

func TestAcquireFuncAnswersAtOnceIfItCan(t *testing.T) {
	l := fixedAt(t, 1, 10)
	var q line
	stop := q.join(l, "a")
	require.Equal(t, []string{"a"}, q.admitted)
	require.False(t, stop())
	require.Equal(t, 1, l.Stats().InFlight)
	q.permits["a"].Done(Success)
	require.Zero(t, l.Stats().Blocked)
}

func TestI9WaitersFunctionMayCallBack(t *testing.T) {
	for name, back := range map[string]func(l *Limiter, p Permit){
		"Done":    func(l *Limiter, p Permit) { p.Done(Success) },
		"Release": func(l *Limiter, p Permit) { p.Release() },
		"Acquire": func(l *Limiter, p Permit) {
			p.Done(Success)
			l.AcquireFunc(func(p Permit, err error) { p.Done(Success) })
		},
		"TryAcquire": func(l *Limiter, p Permit) { l.TryAcquire(); p.Done(Success) },
		"SetLimit":   func(l *Limiter, p Permit) { _ = l.SetLimit(2); p.Done(Success) },
		"Suspend":    func(l *Limiter, p Permit) { l.Suspend(errors.New("down")); p.Done(Success) },
		"Recover":    func(l *Limiter, p Permit) { l.Recover(9); p.Done(Success) },
		"Close":      func(l *Limiter, p Permit) { l.Close(); p.Done(Success) },
		"Stats":      func(l *Limiter, p Permit) { _ = l.Explain(); l.Stats(); p.Done(Success) },
	} {
		t.Run(name, func(t *testing.T) {
			l := fixedAt(t, 1, 10)
			p := take(t, l, 1)[0]
			answers := 0
			for range 3 {
				l.AcquireFunc(func(p Permit, err error) {
					answers++
					back(l, p)
				})
			}
			p.Done(Success)
			require.Equal(t, 3, answers)
			require.Zero(t, l.Stats().InFlight)
			require.Zero(t, l.Stats().Waiting)
		})
	}
}

func TestI9PanickingFunctionGivesItsPlaceToTheNext(t *testing.T) {
	l := fixedAt(t, 1, 10)
	p := take(t, l, 1)[0]
	var q line
	l.AcquireFunc(func(Permit, error) { panic("f") })
	q.join(l, "a")
	require.PanicsWithValue(t, "f", func() { p.Done(Success) })
	require.Equal(t, []string{"a"}, q.admitted)
	require.Equal(t, [Outcomes]uint64{Success: 1, Abandoned: 1}, l.Stats().Ended)

	q.permits["a"].Done(Success)
	require.PanicsWithValue(t, "f", func() { l.AcquireFunc(func(Permit, error) { panic("f") }) })
	require.Zero(t, l.Stats().InFlight)
}

func TestI9PanickingFunctionDoesNotHoldUpOthersThatHaveRoom(t *testing.T) {
	l := fixedAt(t, 1, 10)
	take(t, l, 1)
	var q line
	l.AcquireFunc(func(p Permit, _ error) { p.Done(Success); panic("f") })
	q.join(l, "a")
	q.join(l, "b")
	require.PanicsWithValue(t, "f", func() { _ = l.SetLimit(4) })
	require.Equal(t, []string{"a", "b"}, q.admitted)
	require.Equal(t, 3, l.Stats().InFlight)
}

func TestI9NobodyIsForgottenWhenAllFunctionsPanic(t *testing.T) {
	l := fixedAt(t, 1, 10*nested)
	p := take(t, l, 1)[0]
	for range 10 * nested {
		l.AcquireFunc(func(p Permit, _ error) { p.Done(Success); panic("f") })
	}
	require.PanicsWithValue(t, "f", func() { p.Done(Success) })
	require.Zero(t, l.Stats().Waiting)
	require.Zero(t, l.Stats().InFlight)
	require.Zero(t, l.handing.Load())
}

func TestI9PanickingFunctionDoesNotKeepTheNewsFromOthers(t *testing.T) {
	for name, flush := range map[string]func(*Limiter){
		"Close":   (*Limiter).Close,
		"Suspend": func(l *Limiter) { l.Suspend(errors.New("down")) },
	} {
		t.Run(name, func(t *testing.T) {
			l := fixedAt(t, 1, 10)
			p := take(t, l, 1)[0]
			var q line
			q.join(l, "a")
			l.AcquireFunc(func(Permit, error) { panic("f") })
			q.join(l, "b")
			l.AcquireFunc(func(Permit, error) { panic("g") })
			q.join(l, "c")
			require.Panics(t, func() { flush(l) })
			require.Equal(t, []string{"a", "b", "c"}, q.rejected)
			p.Done(Success)
			require.Zero(t, l.Stats().InFlight)
			l.Recover(4) // no lock is held
		})
	}
}

func TestLongQueueOfFunctionsThatEndAtOnceNeedsNoDeepStack(t *testing.T) {
	const n = 5_000
	l := fixedAt(t, 1, n)
	p := take(t, l, 1)[0]
	deepest := 0
	var stack [1024]uintptr
	for range n {
		l.AcquireFunc(func(p Permit, _ error) {
			deepest = max(deepest, runtime.Callers(0, stack[:]))
			p.Done(Success)
		})
	}
	p.Done(Success)
	require.EqualValues(t, n+1, l.Stats().Ended[Success])
	require.Less(t, deepest, len(stack))
	require.Zero(t, l.handing.Load())
}
