package breaker

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/sony/gobreaker/v2"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
)

func TestABreakerOpensProbesAndClosesOnTheLimitersClock(t *testing.T) {
	r := newRig(t, fixed(100), Config{})
	r.call(10, adaptive.Success)
	r.call(9, adaptive.Failure)
	require.Equal(t, Closed, r.State())
	r.call(1, adaptive.Failure)
	require.Equal(t, Open, r.State())

	opened := r.now
	r.now = opened.Add(5 * time.Second)
	r.rejected(adaptive.RejectBreakerOpen) // at the very instant it is still open
	r.pass(1)
	r.call(10, adaptive.Success)

	require.Equal(t, []State{Open, HalfOpen, Closed}, r.changes)
	s := r.Stats()
	require.Equal(t, uint64(1), s.Opened)
	require.Equal(t, uint64(1), s.RejectedOpen)
	require.Equal(t, 100, s.Remembered)
	require.Zero(t, r.lim.Stats().InFlight)
}

func TestResultsOutsideTheWindowDoNotCount(t *testing.T) {
	r := newRig(t, fixed(100), Config{})
	r.call(19, adaptive.Failure)
	r.pass(10 * time.Second)
	r.call(19, adaptive.Failure)
	require.Equal(t, Closed, r.State())
	r.call(1, adaptive.Failure)
	require.Equal(t, Open, r.State())
}

func TestIgnoredCallsNeverCount(t *testing.T) {
	r := newRig(t, fixed(100), Config{})
	r.call(1000, adaptive.Ignored)
	s := r.Stats()
	require.Equal(t, Closed, s.State)
	require.Zero(t, s.Successes+s.Failures)
}

func TestEveryOtherOutcomeIsAFailure(t *testing.T) {
	for _, o := range []adaptive.Outcome{adaptive.Failure, adaptive.Abandoned, adaptive.TimedOut, adaptive.Refused} {
		r := newRig(t, fixed(100), Config{})
		r.call(20, o)
		require.Equal(t, Open, r.State(), o)
	}
}

func TestErrorsMatchBothLibrariesAndAreMadeInAdvance(t *testing.T) {
	lim := fixed(1)
	lim.Name = "users"
	r := newRig(t, lim, Config{})
	r.trip()
	err := r.rejected(adaptive.RejectBreakerOpen)
	require.ErrorIs(t, err, adaptive.ErrRejected)
	require.ErrorIs(t, err, gobreaker.ErrOpenState)
	require.NotErrorIs(t, err, gobreaker.ErrTooManyRequests)
	require.EqualError(t, err, "adaptive: users: rejected: breaker open")
	require.Same(t, err, r.rejected(adaptive.RejectBreakerOpen))

	r.untilProbes()
	p := r.start()
	err = r.rejected(adaptive.RejectProbes)
	require.ErrorIs(t, err, adaptive.ErrRejected)
	require.ErrorIs(t, err, gobreaker.ErrTooManyRequests)
	require.NotErrorIs(t, err, gobreaker.ErrOpenState)
	p.Done(adaptive.Success)
}

func TestAContextThatIsDoneIsNeverAdmitted(t *testing.T) {
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	r := newRig(t, fixed(4), Config{})
	_, err := r.Acquire(ctx)
	require.ErrorIs(t, err, gone)
	r.trip()
	r.untilProbes()
	_, err = r.Acquire(ctx)
	require.ErrorIs(t, err, gone)
	require.Equal(t, 0, r.lim.Stats().InFlight)
}

func TestTrippingFlushesWhatWaits(t *testing.T) {
	r := newRig(t, fixed(2), Config{MinVolume: 1, Rate: 1})
	a, b := r.start(), r.start()
	var errs []error
	for range 3 {
		r.AcquireFunc(func(_ adaptive.Permit, err error) { errs = append(errs, err) })
	}
	stop := r.AcquireFunc(func(adaptive.Permit, error) { t.Error("called after stop") })
	require.True(t, stop())
	require.Equal(t, 3, r.lim.Stats().Waiting)
	a.Done(adaptive.Failure)
	require.Len(t, errs, 3)
	for _, err := range errs {
		require.ErrorIs(t, err, gobreaker.ErrOpenState)
	}
	require.Equal(t, uint64(3), r.Stats().RejectedOpen)
	require.Zero(t, r.lim.Stats().Ended[adaptive.Ignored], "rejected where they wait, not one by one as places free")
	_, err := r.lim.Acquire(t.Context())
	require.ErrorIs(t, err, gobreaker.ErrOpenState, "who goes past the breaker hears of it too")
	b.Done(adaptive.Success)
	require.Zero(t, r.lim.Stats().InFlight)
}

func TestACallThatTheLimiterAdmitsAfterATripIsNotSent(t *testing.T) {
	r := newRig(t, fixed(4), Config{})
	p, ok := r.lim.TryAcquire() // as Acquire does, between its look at the state and the next
	require.True(t, ok)
	r.trip()
	_, err := r.admit(p)
	require.ErrorIs(t, err, gobreaker.ErrOpenState)
	require.Zero(t, r.lim.Stats().InFlight)
	require.Equal(t, uint64(1), r.lim.Stats().Ended[adaptive.Ignored])
}

func TestTheLimitStartsAtAQuarterAndDoublesBack(t *testing.T) {
	r := newRig(t, adaptive.Config{Law: "fixed:64", Initial: 64}, Config{})
	r.call(30, adaptive.Success)
	r.call(30, adaptive.Failure)
	r.untilProbes()
	require.Equal(t, 8, r.lim.Limit())
	for range 8 {
		require.LessOrEqual(t, r.lim.Limit(), 8)
		r.call(1, adaptive.Success)
	}
	require.Equal(t, Closed, r.State())
	seen := []int{r.lim.Limit()}
	for range 200 {
		r.call(1, adaptive.Success)
		if n := r.lim.Limit(); n != seen[len(seen)-1] {
			seen = append(seen, n)
		}
	}
	require.Equal(t, []int{16, 32, 64}, seen)
}

func TestWhatIsRememberedIsTheLimitBeforeTheTrouble(t *testing.T) {
	r := newRig(t, adaptive.Config{Law: "aimd", Initial: 100}, Config{})
	r.call(10, adaptive.Success)
	require.GreaterOrEqual(t, r.lim.Limit(), 100)
	for r.Breaker.phase.Load().state == Closed {
		p := r.start()
		r.pass(100 * time.Millisecond)
		p.Done(adaptive.TimedOut)
	}
	require.GreaterOrEqual(t, r.Stats().Remembered, 100)
	r.untilProbes()
	r.call(10, adaptive.Success)
	require.Equal(t, Closed, r.State())
	r.trip() // while the limit is being restored
	require.GreaterOrEqual(t, r.Stats().Remembered, 100)
}

func TestRetryAfterLengthensTheOpenTimeUpToMax(t *testing.T) {
	for asked, want := range map[time.Duration]time.Duration{
		time.Second:      5 * time.Second,
		20 * time.Second: 20 * time.Second,
		time.Hour:        time.Minute,
		1<<63 - 1:        time.Minute,
	} {
		r := newRig(t, fixed(100), Config{})
		r.call(19, adaptive.Failure)
		r.start().DoneResult(adaptive.Result{Outcome: adaptive.Refused, RetryAfter: asked})
		require.Equal(t, Open, r.State())
		require.Equal(t, want, r.Stats().Until.Sub(r.now), asked)
	}
}

func TestAcquireAndDoneAllocateNothingWhileHealthy(t *testing.T) {
	lim, err := adaptive.New(fixed(100))
	require.NoError(t, err)
	b, err := New(lim, Config{})
	require.NoError(t, err)
	ctx := t.Context()
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		p, _ := b.Acquire(ctx)
		p.Done(adaptive.Success)
	}))
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		p, _ := b.Acquire(ctx)
		p.Done(adaptive.Ignored)
	}))
	// A failure among many successes takes a lock, but allocates nothing either. On the
	// machine's clock a long pause would leave nothing but failures in the window.
	r := newRig(t, fixed(100), Config{})
	r.call(200, adaptive.Success)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		p, _ := r.Acquire(ctx)
		p.Done(adaptive.Failure)
	}))
	require.Equal(t, Closed, r.State())
}

func TestASuccessNeedsNoLock(t *testing.T) {
	r := newRig(t, fixed(100), Config{Silence: time.Hour})
	r.call(1, adaptive.Success) // looks, and not again for a while
	r.mu.Lock()                 // a success that wanted it would hang here
	r.call(100, adaptive.Success)
	r.mu.Unlock()
	require.Equal(t, uint64(101), r.Stats().Successes)
}

func TestRejectingAllocatesNothing(t *testing.T) {
	r := newRig(t, fixed(1), Config{})
	r.trip()
	ctx := t.Context()
	require.Zero(t, testing.AllocsPerRun(1000, func() { _, _ = r.Acquire(ctx) }))
	r.untilProbes()
	r.start()
	require.Zero(t, testing.AllocsPerRun(1000, func() { _, _ = r.Acquire(ctx) }))
}
