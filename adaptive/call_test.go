package adaptive

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// joinAs is join through a view.
func (q *line) joinAs(l *Limiter, c Call, name string) (stop func() bool) {
	return l.With(c).AcquireFunc(q.answer(name))
}

func TestI1AHeavyCallTakesAllItsPlacesAndGivesThemBack(t *testing.T) {
	l := fixedAt(t, 5, -1)
	g := l.With(Call{Weight: 3})
	p, err := g.Acquire(context.Background())
	require.NoError(t, err)
	require.Equal(t, 3, l.Stats().InFlight)
	_, err = g.Acquire(context.Background())
	require.Same(t, l.Rejection(RejectLimit), err)
	take(t, l, 2)
	full(t, l)
	copied := p
	p.DoneResult(Result{Outcome: Success})
	copied.Done(Success)
	require.Equal(t, 2, l.Stats().InFlight)
	require.EqualValues(t, 1, l.Stats().LateEnds)
	require.EqualValues(t, 1, l.Stats().Ended[Success], "one call")
	p, err = g.Acquire(context.Background())
	require.NoError(t, err)
	p.Release()
	require.Equal(t, 2, l.Stats().InFlight)
}

func TestImpossibleCallsSayWhatWouldBeRight(t *testing.T) {
	l, err := New(Config{Name: "db", Max: 10})
	require.NoError(t, err)
	for _, c := range []struct {
		call Call
		says string
	}{
		{Call{Weight: 11}, "adaptive: db: rejected: call not possible: Weight is 11, must be 1 to Config.Max, which is 10, or 0 for 1"},
		{Call{Weight: -1}, "adaptive: db: rejected: call not possible: Weight is -1, must be 1 to Config.Max, which is 10, or 0 for 1"},
		{Call{Priority: 4}, "adaptive: db: rejected: call not possible: Priority is 4, must be -3 to 3"},
		{Call{Priority: -4}, "adaptive: db: rejected: call not possible: Priority is -4, must be -3 to 3"},
	} {
		before := l.Stats().Rejected[RejectCall]
		g := l.With(c.call)
		_, err := g.Acquire(context.Background())
		require.EqualError(t, err, c.says)
		require.ErrorIs(t, err, ErrRejected)
		var stop func() bool
		err = nil
		stop = g.AcquireFunc(func(_ Permit, e error) { err = e })
		require.EqualError(t, err, c.says)
		require.False(t, stop())
		_, ok := g.(interface{ TryAcquire() (Permit, bool) }).TryAcquire()
		require.False(t, ok)
		require.Equal(t, before+3, l.Stats().Rejected[RejectCall])
	}
	require.Zero(t, l.Stats().InFlight)
}

func TestZeroCallIsLikeTheLimiterItself(t *testing.T) {
	l := fixedAt(t, 1, 10)
	p, err := l.With(Call{}).Acquire(context.Background())
	require.NoError(t, err)
	require.Equal(t, 1, l.Stats().InFlight)
	var q line
	q.joinAs(l, Call{}, "a")
	q.join(l, "b")
	p.Done(Success)
	require.Equal(t, []string{"a"}, q.admitted)
}

func TestI6LightCallsDoNotStarveAHeavyOne(t *testing.T) {
	l := fixedAt(t, 3, 100)
	held := take(t, l, 3)
	var q line
	q.joinAs(l, Call{Weight: 3}, "heavy")
	for i := range 5 {
		q.join(l, fmt.Sprint("light ", i))
	}
	held[0].Done(Success)
	held[1].Done(Success)
	require.Empty(t, q.admitted, "two places are free, and the first in line needs three")
	full(t, l)
	held[2].Done(Success)
	require.Equal(t, []string{"heavy"}, q.admitted)
	q.permits["heavy"].Done(Success)
	require.Equal(t, []string{"heavy", "light 0", "light 1", "light 2"}, q.admitted)
}

func TestI7AHeavyHeadThatLeavesLetsTheNextIn(t *testing.T) {
	l := fixedAt(t, 3, 100)
	take(t, l, 2)
	var q line
	stop := q.joinAs(l, Call{Weight: 2}, "heavy")
	q.join(l, "light")
	require.Empty(t, q.admitted)
	require.True(t, stop())
	require.Equal(t, []string{"light"}, q.admitted)
}

func TestCallHeavierThanTheLimitWaitsAndHoldsUpNobody(t *testing.T) {
	l := fixedAt(t, 2, 2)
	var q line
	q.joinAs(l, Call{Weight: 3}, "heavy")
	q.joinAs(l, Call{Weight: 4}, "heavier")
	require.Empty(t, q.admitted)
	p := take(t, l, 1)[0]
	q.join(l, "light")
	require.Equal(t, []string{"light"}, q.admitted, "though the queue is full")
	full(t, l)
	p.Done(Success)
	q.permits["light"].Done(Success)
	require.NoError(t, l.SetLimit(3))
	require.Equal(t, []string{"light", "heavy"}, q.admitted)
	require.NoError(t, l.SetLimit(4))
	require.Len(t, q.admitted, 2)
	q.permits["heavy"].Done(Success)
	require.Equal(t, []string{"light", "heavy", "heavier"}, q.admitted)
}

func TestI4LoweredLimitThatPassesOverTheHeadAdmitsTheNext(t *testing.T) {
	l := fixedAt(t, 6, 10)
	take(t, l, 3)
	var q line
	q.joinAs(l, Call{Weight: 5}, "heavy")
	q.join(l, "light")
	require.Empty(t, q.admitted)
	require.NoError(t, l.SetLimit(4))
	require.Equal(t, []string{"light"}, q.admitted)
}

func TestHigherPriorityGoesFirst(t *testing.T) {
	l := fixedAt(t, 1, 10)
	p := take(t, l, 1)[0]
	var q line
	for _, c := range []struct {
		name     string
		priority int
	}{{"low 1", -1}, {"usual 1", 0}, {"high 1", 3}, {"usual 2", 0}, {"low 2", -1}, {"high 2", 3}, {"lowest", -3}} {
		q.joinAs(l, Call{Priority: c.priority}, c.name)
	}
	p.Done(Success)
	want := []string{"high 1", "high 2", "usual 1", "usual 2", "low 1", "low 2", "lowest"}
	for i, name := range want {
		require.Equal(t, want[:i+1], q.admitted)
		q.permits[name].Done(Success)
	}
}

func TestI6AWaiterIsOvertakenByABoundedNumberOfLaterCalls(t *testing.T) {
	for levels := 1; levels <= 6; levels++ {
		l := fixedAt(t, 1, 10)
		p := take(t, l, 1)[0]
		var q line
		q.joinAs(l, Call{Priority: highestPriority - levels}, "patient")
		overtook := 0
		for q.permits["patient"] == (Permit{}) {
			name := fmt.Sprint(overtook)
			q.joinAs(l, Call{Priority: highestPriority}, name)
			p.Done(Success)
			if p = q.permits[name]; p != (Permit{}) {
				overtook++
			}
			require.LessOrEqual(t, overtook, 256*levels)
		}
		require.Equal(t, 256*levels, overtook)
	}
}

func TestFullQueueTurnsAwayWhoWouldBeLast(t *testing.T) {
	l := fixedAt(t, 1, 3)
	p := take(t, l, 1)[0]
	var q line
	for _, name := range []string{"a", "b", "c"} {
		q.join(l, name)
	}
	q.joinAs(l, Call{Priority: 1}, "urgent")
	require.Equal(t, []string{"c"}, q.rejected)
	q.joinAs(l, Call{Priority: -1}, "patient")
	q.join(l, "d")
	require.Equal(t, []string{"c", "patient", "d"}, q.rejected)
	for _, err := range q.errs {
		require.Same(t, l.Rejection(RejectQueueFull), err)
	}
	require.Equal(t, 3, l.Stats().Waiting)
	require.EqualValues(t, 3, l.Stats().Rejected[RejectQueueFull])
	p.Done(Success)
	require.Equal(t, []string{"urgent"}, q.admitted)
}

func TestI9WhoIsTurnedAwayForAnotherMayPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := fixedAt(t, 1, 1)
		p := take(t, l, 1)[0]
		l.AcquireFunc(func(Permit, error) { panic("f") })
		require.PanicsWithValue(t, "f", func() { _, _ = l.With(Call{Priority: 1}).Acquire(context.Background()) })
		require.Zero(t, l.Stats().Waiting, "who panicked does not wait")
		p.Done(Success)
		require.Zero(t, l.Stats().InFlight)
		take(t, l, 1)
	})
}

// taughtAt is a Limiter with one place on a clock of the test that knows calls to
// take a second.
func taughtAt(t *testing.T, now *Instant) *Limiter {
	l, err := NewWith(Config{Law: "fixed:1"}, Parts{Clock: Clock{Now: func() Instant { return *now }}})
	require.NoError(t, err)
	for range 1000 {
		p := take(t, l, 1)[0]
		*now = now.Add(time.Second)
		p.Done(Success)
	}
	return l
}

func TestDeadlineOnTheLimitersClockCountsAsThatOfAContext(t *testing.T) {
	now := Instant(0)
	l := taughtAt(t, &now)
	held := take(t, l, 1)[0]
	var q line
	q.joinAs(l, Call{Deadline: now.Add(1900 * ms)}, "cannot make it") // a wait and its own round trip
	require.Equal(t, []string{"cannot make it"}, q.rejected)
	require.Same(t, l.Rejection(RejectDeadline), q.errs[0])

	q.joinAs(l, Call{Deadline: now.Add(3400 * ms)}, "waits too long")
	q.joinAs(l, Call{Deadline: now.Add(6 * time.Second)}, "makes it")
	now = now.Add(2500 * ms)
	held.Done(Success)
	require.Equal(t, []string{"cannot make it", "waits too long"}, q.rejected)
	require.Equal(t, []string{"makes it"}, q.admitted)
	require.Equal(t, 1, l.Stats().InFlight)
	q.permits["makes it"].Done(Success)

	q.joinAs(l, Call{Deadline: now}, "over")
	require.Len(t, q.rejected, 3, "past its deadline, though there is room")
	q.joinAs(l, Call{Deadline: now + 1}, "just not")
	require.Equal(t, []string{"makes it", "just not"}, q.admitted)
	require.EqualValues(t, 3, l.Stats().Rejected[RejectDeadline])
}

func TestTheEarlierDeadlineCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := taught(t)
		held := take(t, l, 1)[0]
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := l.With(Call{Deadline: l.Now().Add(180 * ms)}).Acquire(ctx)
		require.Equal(t, l.Rejection(RejectDeadline), err)
		near, cancel := context.WithTimeout(t.Context(), 180*ms)
		defer cancel()
		_, err = l.With(Call{Deadline: l.Now().Add(time.Hour)}).Acquire(near)
		require.Equal(t, l.Rejection(RejectDeadline), err)
		held.Done(Success)
	})
}

// One rule, whether a goroutine waits with a context or a function with a Call.
func TestAcquireAndAcquireFuncRejectTheSameDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := taught(t)
		// ask has one call wait for a place that frees after wait.
		ask := func(wait time.Duration, acquire func(answered func(Permit, error))) (err error) {
			held := take(t, l, 1)[0]
			time.AfterFunc(wait, func() { held.Done(Ignored) })
			acquire(func(p Permit, e error) { err = e; p.Done(Ignored) })
			time.Sleep(time.Second)
			synctest.Wait()
			return err
		}
		var outcomes []string
		for left := 50 * ms; left < 600*ms; left += 50*ms - 1 {
			for _, wait := range []time.Duration{10 * ms, 150 * ms, 250 * ms} {
				if wait > left {
					continue // who waits with a context leaves when it ends
				}
				byContext := ask(wait, func(answered func(Permit, error)) {
					go func() {
						ctx, cancel := context.WithTimeout(t.Context(), left)
						defer cancel()
						answered(l.Acquire(ctx))
					}()
				})
				byCall := ask(wait, func(answered func(Permit, error)) {
					l.With(Call{Deadline: l.Now().Add(left)}).AcquireFunc(answered)
				})
				require.Equal(t, byContext, byCall, "left %v, waited %v", left, wait)
				outcomes = append(outcomes, fmt.Sprint(byCall))
			}
		}
		require.Contains(t, outcomes, "<nil>")
		require.Contains(t, outcomes, l.Rejection(RejectDeadline).Error())
	})
}

func TestViewsAllocateNothing(t *testing.T) {
	ctx := context.Background()
	l, err := New(Config{Law: "fixed:8", Queue: -1})
	require.NoError(t, err)
	g := l.With(Call{Weight: 2, Priority: 1})
	allocatesNothing(t, "Acquire", func() {
		p, _ := g.Acquire(ctx)
		p.Done(Success)
	})
	end := func(p Permit, _ error) { p.Done(Success) }
	allocatesNothing(t, "AcquireFunc", func() { g.AcquireFunc(end) })
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		p, _ := l.With(Call{Weight: 2}).Acquire(ctx)
		p.Done(Success)
	}), 1.0)
}
