package adaptive

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// refuse plays one call that the downstream refuses, asking for d.
func (b *bench) refuse(d time.Duration) {
	b.Helper()
	p := b.take()
	p.DoneResult(Result{Outcome: Refused, RetryAfter: d})
}

func (b *bench) heldBack() bool {
	p, ok := b.TryAcquire()
	p.Done(Ignored)
	return !ok
}

func TestRetryAfterHoldsEverybodyBackUntilThen(t *testing.T) {
	b := newBench(t, Fixed{4}, Config{})
	b.refuse(2 * time.Second)
	require.Equal(t, 2*time.Second, b.Stats().RetryAfter)
	require.Contains(t, b.Explain(), "held back for 2s more, as the downstream asked")

	b.sleep(2*time.Second - 1)
	require.True(t, b.heldBack())
	_, err := b.Acquire(context.Background())
	require.Same(t, b.Rejection(RejectRetryAfter), err)
	called := 0
	stop := b.AcquireFunc(func(_ Permit, err error) {
		called++
		require.Same(t, b.Rejection(RejectRetryAfter), err)
	})
	require.False(t, stop())
	require.Equal(t, 1, called)
	s := b.Stats()
	require.EqualValues(t, 3, s.Rejected[RejectRetryAfter])
	require.Zero(t, s.Blocked, "there were places enough")

	b.sleep(1)
	require.False(t, b.heldBack(), "at the very instant it is over")
	require.Zero(t, b.Stats().RetryAfter)
	require.NotContains(t, b.Explain(), "held back")
	p, err := b.Acquire(context.Background())
	require.NoError(t, err)
	p.Done(Success)
}

func TestRetryAfterFlushesWhoWaits(t *testing.T) {
	b := newBench(t, Fixed{1}, Config{})
	p := b.take()
	var got []error
	for range 3 {
		b.AcquireFunc(func(_ Permit, err error) { got = append(got, err) })
	}
	p.DoneResult(Result{Outcome: Refused, RetryAfter: time.Second})
	err := error(b.Rejection(RejectRetryAfter))
	require.Equal(t, []error{err, err, err}, got, "nobody is sent by the end of the very call that was refused")
	require.Zero(t, b.Stats().InFlight)
}

func TestPanicOfAFlushedFunctionKeepsNoPlace(t *testing.T) {
	b := newBench(t, Fixed{1}, Config{})
	p := b.take()
	told := false
	b.AcquireFunc(func(Permit, error) { panic("mine") })
	b.AcquireFunc(func(Permit, error) { told = true })
	require.PanicsWithValue(t, "mine", func() { p.DoneResult(Result{Outcome: Refused, RetryAfter: time.Second}) })
	require.True(t, told)
	require.Zero(t, b.Stats().InFlight)
	b.sleep(time.Second)
	b.take().Done(Success)
}

func TestLaterRetryAfterCountsAndAnEarlierDoesNot(t *testing.T) {
	b := newBench(t, Fixed{4}, Config{})
	first, second, third := b.take(), b.take(), b.take()
	first.DoneResult(Result{Outcome: Refused, RetryAfter: 2 * time.Second})
	second.DoneResult(Result{Outcome: Refused, RetryAfter: time.Second})
	require.Equal(t, 2*time.Second, b.Stats().RetryAfter)
	third.DoneResult(Result{Outcome: Refused, RetryAfter: 3 * time.Second})
	require.Equal(t, 3*time.Second, b.Stats().RetryAfter)
}

func TestRetryAfterIsClamped(t *testing.T) {
	for _, c := range []struct {
		max, asked, want time.Duration
	}{
		{0, time.Hour, time.Minute},
		{0, 1<<63 - 1, time.Minute},
		{0, 0, 0},
		{0, -time.Second, 0},
		{5 * time.Second, 6 * time.Second, 5 * time.Second},
		{longestHold, 1<<63 - 1, longestHold},
		{-1, time.Second, 0},
	} {
		b := newBench(t, Fixed{1}, Config{MaxRetryAfter: c.max})
		b.refuse(c.asked)
		require.Equal(t, c.want, b.Stats().RetryAfter, "%v of at most %v", c.asked, c.max)
	}
}

func TestOnlyARefusalHoldsBack(t *testing.T) {
	b := newBench(t, Fixed{1}, Config{})
	for o := range Outcome(Outcomes) {
		if o != Refused {
			b.take().DoneResult(Result{Outcome: o, RetryAfter: time.Second})
			require.False(t, b.heldBack(), o)
		}
	}
}

func TestRetryAfterOutlastsASuspension(t *testing.T) {
	b := newBench(t, Fixed{4}, Config{})
	b.refuse(3 * time.Second)
	b.Suspend(nil)
	_, err := b.Acquire(context.Background())
	require.Same(t, b.Rejection(RejectBreakerOpen), err, "the guard in front has the word")
	b.sleep(time.Second)
	b.Recover(4)
	require.True(t, b.heldBack())
	b.sleep(2 * time.Second)
	require.False(t, b.heldBack())

	b.refuse(time.Second)
	b.Suspend(nil)
	b.sleep(time.Hour)
	_, err = b.Acquire(context.Background())
	require.Same(t, b.Rejection(RejectBreakerOpen), err, "its end does not open what a guard closed")
	b.Close()
	_, err = b.Acquire(context.Background())
	require.Same(t, b.Rejection(RejectClosed), err)
}

func TestClockThatGoesBackMakesNoHoldLonger(t *testing.T) {
	b := newBench(t, Fixed{4}, Config{})
	b.sleep(time.Hour)
	b.refuse(time.Second)
	b.sleep(-time.Minute)
	require.False(t, b.heldBack())
}

func TestArrivalsHeldBackDoNotMakeTheLimitLookUsed(t *testing.T) {
	law := &script{decisions: []Decision{{Limit: 10, Next: Collect{Samples: 2}}}}
	b := newBench(t, law, Config{})
	b.refuse(time.Second)
	for range 100 {
		require.True(t, b.heldBack())
	}
	b.sleep(time.Second)
	b.call(ms, Success)
	w := law.last()
	require.Equal(t, 2, w.Samples())
	require.False(t, w.Saturated())
}

func TestRaceOfRetryAftersLosesNobody(t *testing.T) {
	l, err := New(Config{Law: "fixed:3", Queue: 100})
	require.NoError(t, err)
	var wg sync.WaitGroup
	var served, held atomic.Int64
	for range 16 {
		wg.Go(func() {
			for i := 0; i < 2000; i++ {
				p, err := l.Acquire(context.Background())
				switch {
				case err == nil:
					served.Add(1)
					p.DoneResult(Result{Outcome: Refused, RetryAfter: time.Duration(i%4) * 500})
				case err == error(l.Rejection(RejectRetryAfter)):
					held.Add(1)
				default:
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 16*2000, served.Load()+held.Load())
	require.NotZero(t, held.Load())
	s := l.Stats()
	require.Zero(t, s.InFlight)
	require.EqualValues(t, served.Load(), s.Ended[Refused])
	require.EqualValues(t, held.Load(), s.Rejected[RejectRetryAfter])
}

// earlyEnd hears ends.
type earlyEnd struct{ outcome Outcome }

func (e *earlyEnd) Settle(end End) { e.outcome = end.Outcome }

func TestDeadlineShorterThanUsualIsIgnoredByTheGuardInFrontToo(t *testing.T) {
	b := newBench(t, Fixed{4}, Config{})
	for range 2000 {
		b.call(10*ms, Success)
	}
	ended := func(after time.Duration) Outcome {
		e := &earlyEnd{}
		p := b.take().Via(e)
		b.sleep(after)
		p.DoneResult(Classify(past(t), context.DeadlineExceeded))
		return e.outcome
	}
	require.Equal(t, Ignored, ended(5*ms))
	require.Equal(t, TimedOut, ended(15*ms))
}

// past is a context whose deadline is over.
func past(t *testing.T) context.Context {
	ctx, cancel := context.WithDeadline(context.Background(), time.Unix(0, 0))
	t.Cleanup(cancel)
	return ctx
}
