package adaptive

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// fixedAt is a Limiter whose limit only the test moves, on a clock that stands
// still.
func fixedAt(t testing.TB, limit, queue int) *Limiter {
	l, err := NewWith(Config{Law: "fixed", Initial: limit, Queue: queue}, Parts{Clock: Clock{Now: func() Instant { return 0 }}})
	require.NoError(t, err)
	return l
}

// take takes n permits that must be free.
func take(t testing.TB, l *Limiter, n int) []Permit {
	t.Helper()
	permits := make([]Permit, n)
	for i := range permits {
		p, ok := l.TryAcquire()
		require.True(t, ok, "permit %d of %d", i+1, n)
		permits[i] = p
	}
	return permits
}

// line is waiters that note their names in the order in which they are answered.
type line struct {
	admitted []string
	permits  map[string]Permit
	rejected []string
	errs     []error
}

func (q *line) join(l *Limiter, name string) (stop func() bool) {
	return l.AcquireFunc(q.answer(name))
}

// answer is the function of the waiter name.
func (q *line) answer(name string) func(Permit, error) {
	return func(p Permit, err error) {
		if err != nil {
			q.rejected, q.errs = append(q.rejected, name), append(q.errs, err)
			return
		}
		if q.permits == nil {
			q.permits = map[string]Permit{}
		}
		q.admitted, q.permits[name] = append(q.admitted, name), p
	}
}

func full(t testing.TB, l *Limiter) {
	t.Helper()
	_, ok := l.TryAcquire()
	require.False(t, ok, "admitted beyond the limit")
}

func TestWordHoldsTheLargestLimitAndCount(t *testing.T) {
	var g gate
	g.word.Store(uint64(shut))
	g.setLimit(maxLimit)
	g.word.Add(uint64(places(maxLimit)))
	w := g.load()
	require.Equal(t, maxLimit, w.limit())
	require.Equal(t, maxLimit, w.inFlight())
	require.False(t, w.room(1))
	require.Equal(t, shut, w&shut)
	w = g.setLimit(1)
	require.Equal(t, 1, w.limit())
	require.Equal(t, maxLimit, w.inFlight())
	w = g.release(1)
	require.Equal(t, maxLimit-1, w.inFlight())
	require.Equal(t, shut, w&shut)
	g.clear(flagWaiting)
	require.Equal(t, flagBarred, g.load()&shut)
}

func TestI1ExactlyLimitCallsAreAdmitted(t *testing.T) {
	for _, limit := range []int{1, 2, 6, 300} {
		l := fixedAt(t, limit, -1)
		permits := take(t, l, limit)
		full(t, l)
		permits[0].Done(Success)
		take(t, l, 1)
		full(t, l)
		require.Equal(t, limit, l.Stats().InFlight)
	}
}

func TestI1LoweredLimitDrainsBeforeItAdmits(t *testing.T) {
	l := fixedAt(t, 5, 10)
	permits := take(t, l, 5)
	require.NoError(t, l.SetLimit(2))
	require.Equal(t, 5, l.Stats().InFlight)
	var q line
	q.join(l, "a")
	for i, p := range permits[:3] {
		p.Done(Success)
		require.Empty(t, q.admitted, "admitted with %d in flight under a limit of 2", 4-i)
		full(t, l)
	}
	permits[3].Done(Success)
	require.Equal(t, []string{"a"}, q.admitted)
	full(t, l)
}

func TestI4RaisedLimitAdmitsWaitersAtOnce(t *testing.T) {
	l := fixedAt(t, 1, 10)
	take(t, l, 1)
	var q line
	for _, name := range []string{"a", "b", "c", "d"} {
		q.join(l, name)
	}
	require.NoError(t, l.SetLimit(4))
	require.Equal(t, []string{"a", "b", "c"}, q.admitted)
	require.Equal(t, 1, l.Stats().Waiting)
	require.NoError(t, l.SetLimit(5))
	require.Equal(t, []string{"a", "b", "c", "d"}, q.admitted)
	full(t, l)
}

func TestI5NobodyOvertakesAWaiter(t *testing.T) {
	l := fixedAt(t, 1, 10)
	take(t, l, 1)
	var q line
	overtook, tried := true, false
	l.AcquireFunc(func(Permit, error) {
		// There is room for two more, but somebody waits for it.
		require.Less(t, l.Stats().InFlight, l.Limit())
		require.Equal(t, 1, l.Stats().Waiting)
		_, overtook = l.TryAcquire()
		q.join(l, "newcomer")
		tried = true
	})
	q.join(l, "second")
	require.NoError(t, l.SetLimit(4))
	require.True(t, tried)
	require.False(t, overtook)
	require.Equal(t, []string{"second", "newcomer"}, q.admitted)
}

func TestSetLimitSaysWhatIsRight(t *testing.T) {
	l := fixedAt(t, 3, 0)
	require.EqualError(t, l.SetLimit(0), "adaptive: SetLimit(0): must be 1 to 16777216")
	require.Error(t, l.SetLimit(maxLimit+1))
	require.Equal(t, 3, l.Limit())
	require.NoError(t, l.SetLimit(maxLimit))
	require.Equal(t, maxLimit, l.Limit())
}

func TestI8CloseRejectsWhatWaitsAndWhatComes(t *testing.T) {
	l := fixedAt(t, 1, 10)
	p := take(t, l, 1)[0]
	var q line
	q.join(l, "a")
	stop := q.join(l, "b")
	l.Close()
	l.Close()
	require.Equal(t, []string{"a", "b"}, q.rejected)
	require.False(t, stop())
	for _, err := range q.errs {
		require.Same(t, l.Rejection(RejectClosed), err)
	}
	full(t, l)
	_, err := l.Acquire(context.Background())
	require.Same(t, l.Rejection(RejectClosed), err)
	q.join(l, "late")
	require.Equal(t, []string{"a", "b", "late"}, q.rejected)
	require.EqualValues(t, 5, l.Stats().Rejected[RejectClosed])

	p.Done(Success)
	s := l.Stats()
	require.Zero(t, s.InFlight)
	require.EqualValues(t, 1, s.Ended[Success])
	full(t, l)
}

func TestI8NothingOpensAClosedLimiter(t *testing.T) {
	for name, op := range map[string]func(*Limiter){
		"Suspend":  func(l *Limiter) { l.Suspend(errors.New("down")) },
		"Hold":     func(l *Limiter) { l.Hold(3) },
		"Recover":  func(l *Limiter) { l.Recover(8) },
		"SetLimit": func(l *Limiter) { _ = l.SetLimit(9) },
		"Resume":   func(l *Limiter) { l.Resume() },
		"Close":    func(l *Limiter) { l.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			l := fixedAt(t, 4, 10)
			l.Close()
			op(l)
			full(t, l)
			_, err := l.Acquire(context.Background())
			require.Same(t, l.Rejection(RejectClosed), err)
			require.EqualValues(t, 2, l.Stats().Rejected[RejectClosed])
		})
	}
}

func TestSuspendRejectsWithItsCauseUntilRecover(t *testing.T) {
	l := fixedAt(t, 4, 10)
	permits := take(t, l, 4)
	var q line
	q.join(l, "a")
	down := errors.New("down")
	l.Suspend(down)
	require.Equal(t, []error{down}, q.errs)
	permits[0].Done(Failure)
	require.NoError(t, l.SetLimit(9)) // pins, but does not end the suspension
	full(t, l)
	_, err := l.Acquire(context.Background())
	require.Same(t, down, err)
	require.EqualValues(t, 3, l.Stats().Rejected[RejectBreakerOpen])

	other := errors.Join(errors.New("why"), l.Rejection(RejectRetryAfter))
	l.Suspend(other)
	_, err = l.Acquire(context.Background())
	require.Equal(t, other, err)
	require.EqualValues(t, 1, l.Stats().Rejected[RejectRetryAfter])

	l.Resume()
	full(t, l)
	for _, p := range permits[1:] {
		p.Done(Success)
	}
	l.Recover(4)
	require.Equal(t, 1, l.Limit())
	take(t, l, 1)
	full(t, l)
}

func TestCallsThatHangLeaveRoomForProbesAndForARestart(t *testing.T) {
	now := Instant(0)
	l, err := NewWith(Config{Law: "fixed:40", Max: 50}, Parts{Clock: Clock{Now: func() Instant { return now }}})
	require.NoError(t, err)
	take(t, l, 12) // and they stay
	l.Suspend(nil)
	l.Recover(40)
	require.Equal(t, 24, l.Limit(), "a quarter would be full")
	take(t, l, 12)
	l.Suspend(nil)
	l.Hold(l.Stats().InFlight + 3)
	require.Equal(t, 27, l.Limit())
	take(t, l, 3)
	full(t, l)
	l.Recover(40)
	require.Equal(t, 40, l.Limit(), "no more than it was")
	l.Hold(100)
	require.Equal(t, 50, l.Limit(), "no more than Max")
	require.NoError(t, l.SetLimit(7))
	require.Equal(t, 7, l.Limit(), "an operator's is the last word")
}

func TestSuspendWithNoCauseStillRejects(t *testing.T) {
	l := fixedAt(t, 4, 10)
	l.Suspend(nil)
	_, err := l.Acquire(context.Background())
	require.Same(t, l.Rejection(RejectBreakerOpen), err)
}

func TestHoldAdmitsSoManyAtOnce(t *testing.T) {
	l := fixedAt(t, 6, 10)
	l.Suspend(errors.New("down"))
	l.Hold(2)
	probes := take(t, l, 2)
	full(t, l)
	var q line
	q.join(l, "a")
	probes[0].Done(Success)
	require.Equal(t, []string{"a"}, q.admitted)
	full(t, l)
	q.join(l, "b")
	l.Hold(3)
	require.Equal(t, []string{"a", "b"}, q.admitted)
	l.Hold(7)
	require.Equal(t, 7, l.Limit(), "Hold may raise the limit")
	l.Hold(0)
	require.Equal(t, 1, l.Limit())
	l.Recover(24)
	require.Equal(t, 6, l.Limit())
}

// Whoever is told that the deadline is too near may try again with more time.
func TestBarIsTheReasonEvenIfTheDeadlineIsNear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := Instant(0)
		l, err := NewWith(Config{Law: "fixed:1"}, Parts{Clock: Clock{Now: func() Instant { return now }}})
		require.NoError(t, err)
		for range 1000 { // the Limiter comes to know the usual round trip
			p := take(t, l, 1)[0]
			now = now.Add(time.Hour)
			p.Done(Success)
		}
		take(t, l, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = l.Acquire(ctx)
		require.Same(t, l.Rejection(RejectDeadline), err)
		l.Suspend(nil)
		_, err = l.Acquire(ctx)
		require.Same(t, l.Rejection(RejectBreakerOpen), err)
		l.Close()
		_, err = l.Acquire(ctx)
		require.Same(t, l.Rejection(RejectClosed), err)
	})
}
