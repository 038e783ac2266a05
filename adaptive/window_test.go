package adaptive

import (
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const ms = time.Millisecond

// script is a law that answers with the decisions it was given, in order, and
// keeps the windows it saw.
type script struct {
	decisions []Decision
	windows   []Window
	medians   []time.Duration
	onUpdate  func()
}

func (s *script) New() Controller { return s }

func (s *script) Update(w Window) Decision {
	s.windows = append(s.windows, w)
	s.medians = append(s.medians, w.Latency.Quantile(0.5))
	if s.onUpdate != nil {
		s.onUpdate()
	}
	d := s.decisions[0]
	if len(s.decisions) > 1 {
		s.decisions = s.decisions[1:]
	}
	return d
}

// last is the window that the last decision was made on.
func (s *script) last() Window { return s.windows[len(s.windows)-1] }

// bench is a Limiter on a clock that the test moves.
type bench struct {
	*testing.T
	*Limiter
	now Instant
}

func newBench(t *testing.T, law Law, c Config) *bench {
	b := &bench{T: t}
	l, err := NewWith(c, Parts{Law: law, Clock: Clock{Now: func() Instant { return b.now }, Wall: time.Unix(1000, 0)}})
	require.NoError(t, err)
	b.Limiter = l
	return b
}

func (b *bench) sleep(d time.Duration) { b.now = b.now.Add(d) }

func (b *bench) take() Permit {
	b.Helper()
	p, ok := b.TryAcquire()
	require.True(b, ok, "limit %d, in flight %d", b.Limit(), b.Stats().InFlight)
	return p
}

// call makes one call of length d.
func (b *bench) call(d time.Duration, o Outcome) {
	b.Helper()
	p := b.take()
	b.sleep(d)
	p.Done(o)
}

func TestFirstWindowIsEmptyAndAsksForTheNext(t *testing.T) {
	s := &script{decisions: []Decision{{Limit: 3, Next: Collect{Samples: 10}}}}
	b := newBench(t, s, Config{})
	require.Len(t, s.windows, 1)
	w := s.last()
	require.Zero(t, w.Completions)
	require.Equal(t, w.Opened, w.Closed)
	require.Equal(t, 6.0, w.Limit)
	require.Equal(t, 3, b.Limit())
}

func TestWindowClosesAtTheSampleThatFillsIt(t *testing.T) {
	s := &script{decisions: []Decision{{Limit: 4, Next: Collect{Samples: 5}}}}
	b := newBench(t, s, Config{})
	for i := range 4 {
		b.call(10*ms, Success)
		require.Len(t, s.windows, 1, "after %d samples", i+1)
	}
	b.call(10*ms, Failure)
	b.call(10*ms, Ignored)
	require.Len(t, s.windows, 1, "only Success, Refused and TimedOut are samples")
	b.call(10*ms, Refused)
	require.Len(t, s.windows, 2)
	w := s.last()
	require.Equal(t, [Outcomes]int{Success: 4, Failure: 1, Ignored: 1, Refused: 1}, w.Count)
	require.Equal(t, 7, w.Completions)
	require.Equal(t, 4, w.Latency.Count())
	require.InEpsilon(t, float64(10*ms), float64(s.medians[1]), 0.035)
	require.Equal(t, 1, w.PeakInFlight)
	require.Equal(t, 1.0, w.MeanInFlight)
	require.Equal(t, 70*ms, w.Length())
	require.Equal(t, time.Unix(1000, 0).Add(70*ms), w.Wall)
}

func TestResultMaySayWhatRoundTripCounts(t *testing.T) {
	s := &script{decisions: []Decision{{Limit: 4, Next: Collect{Samples: 1}}}}
	b := newBench(t, s, Config{})
	for took, want := range map[time.Duration]time.Duration{3 * ms: 3 * ms, 0: 10 * ms} {
		var end End
		p := b.take().Via(hears{&end})
		b.sleep(10 * ms)
		p.DoneResult(Result{Outcome: Success, Took: took})
		require.InEpsilon(t, float64(want), float64(s.medians[len(s.medians)-1]), 0.035)
		require.Equal(t, want, end.RoundTrip())
	}
}

func TestWindowThatWasIdleForLongClosesSoonAfterItHasItsSamples(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{decisions: []Decision{{Limit: 4, Next: Collect{Samples: 20}}}}
		l, err := NewWith(Config{}, Parts{Law: s}) // on the machine's clock, which is the bubble's
		require.NoError(t, err)
		time.Sleep(time.Hour)
		for range 25 {
			p, err := l.Acquire(t.Context())
			require.NoError(t, err)
			time.Sleep(10 * ms)
			p.Done(Success)
		}
		require.Len(t, s.windows, 2)
	})
}

// hears keeps how a call ended.
type hears struct{ end *End }

func (h hears) Settle(e End) { *h.end = e }

func TestWindowsShareNoSamples(t *testing.T) {
	s := &script{decisions: []Decision{{Limit: 4, Next: Collect{Samples: 3}}}}
	b := newBench(t, s, Config{})
	for _, d := range []time.Duration{10, 10, 10, 80, 80, 80} {
		b.call(d*ms, Success)
	}
	require.Len(t, s.windows, 3)
	require.InEpsilon(t, float64(10*ms), float64(s.medians[1]), 0.035)
	require.InEpsilon(t, float64(80*ms), float64(s.medians[2]), 0.035)
	require.Equal(t, 3, s.last().Completions)
}

func TestWindowClosesAfterWithinAtTheNextEvent(t *testing.T) {
	s := &script{decisions: []Decision{{Limit: 4, Next: Collect{Samples: 100, Within: 50 * ms}}}}
	b := newBench(t, s, Config{})
	b.call(20*ms, Success)
	b.call(20*ms, Success)
	require.Len(t, s.windows, 1)
	b.call(20*ms, Success)
	require.Len(t, s.windows, 2)
	require.Equal(t, 3, s.last().Count[Success])
}

func TestBlockedArrivalsCloseAWindowWhoseCallsNeverEnd(t *testing.T) {
	s := &script{decisions: []Decision{{Limit: 1, Next: Collect{Samples: 100, Within: time.Second}}}}
	b := newBench(t, s, Config{Queue: -1})
	b.take()
	b.sleep(2 * time.Second)
	for range 64 { // only now and then does a blocked arrival look at the clock
		_, ok := b.TryAcquire()
		require.False(t, ok)
	}
	require.GreaterOrEqual(t, len(s.windows), 2)
	require.True(t, s.windows[1].Saturated())
	require.Equal(t, 1, s.windows[1].InFlight)
}

func TestTimeOutsCloseAWindowEarlyOnlyIfTheyAreTheMost(t *testing.T) {
	s := &script{decisions: []Decision{{Limit: 8, Next: Collect{Samples: 20, TimeOuts: 3}}}}
	b := newBench(t, s, Config{})
	for range 4 {
		b.call(10*ms, Success)
	}
	for range 4 {
		b.call(900*ms, TimedOut)
		require.Len(t, s.windows, 1)
	}
	b.call(900*ms, TimedOut)
	require.Len(t, s.windows, 2, "five of nine")
	require.InDelta(t, 5.0/9, s.windows[1].Overload(), 1e-9)
	require.Equal(t, 9, s.windows[1].Latency.Count(), "a time-out is a latency of at least that")
}

func TestTimeOutShorterThanUsualIsIgnored(t *testing.T) {
	s := &script{decisions: []Decision{{Limit: 8, Next: Collect{Samples: 5}}}}
	b := newBench(t, s, Config{})
	for range 5 {
		b.call(100*ms, Success)
	}
	b.call(10*ms, TimedOut)
	for range 5 {
		b.call(100*ms, Success)
	}
	require.Equal(t, 0, s.last().Count[TimedOut])
	require.Equal(t, 1, s.last().Count[Ignored])
}

func TestSettleLeavesOutWhatEndsTooSoon(t *testing.T) {
	s := &script{decisions: []Decision{
		{Limit: 8, Next: Collect{Samples: 2}},
		{Limit: 8, Next: Collect{Samples: 2, Settle: 100 * ms}},
		{Limit: 8, Next: Collect{Samples: 3}},
	}}
	b := newBench(t, s, Config{Initial: 8})
	old := []Permit{b.take(), b.take(), b.take()}
	b.call(10*ms, Success)
	b.call(10*ms, Success)
	b.sleep(70 * ms)
	old[0].Done(Success)
	old[1].Done(Success)
	b.sleep(30 * ms)
	b.call(10*ms, Success) // the window opens when this one ends
	require.Len(t, s.windows, 2)
	b.call(20*ms, Success)
	old[2].Done(Success)
	require.Len(t, s.windows, 3)
	w := s.last()
	require.Equal(t, 2, w.Completions)
	require.Equal(t, 20*ms, w.Length())
}

func TestLowHoldsTheCallsThatStartedAtLowConcurrency(t *testing.T) {
	s := &script{decisions: []Decision{{Limit: 8, Next: Collect{Samples: 4, Low: 2}}}}
	b := newBench(t, s, Config{Initial: 8})
	permits := []Permit{b.take(), b.take(), b.take(), b.take()}
	b.sleep(10 * ms)
	for _, p := range permits {
		p.Done(Success)
	}
	w := s.last()
	require.Equal(t, 4, w.Latency.Count())
	require.Equal(t, 2, w.Low.Count())
	require.Equal(t, 4, w.PeakInFlight)
	require.Equal(t, 2.5, w.MeanInFlight)
}

func TestDrainWaitsUntilCallsAreFew(t *testing.T) {
	s := &script{decisions: []Decision{
		{Limit: 4, Next: Collect{Samples: 1}},
		{Limit: 2, Next: Collect{Samples: 2, Settle: 15 * ms, Drain: 2, DrainWithin: time.Second}},
	}}
	b := newBench(t, s, Config{Initial: 4})
	a, c, d, e := b.take(), b.take(), b.take(), b.take()
	b.sleep(10 * ms)
	a.Done(Success) // three in flight, limit 2: drains
	require.Equal(t, 2, b.Limit())
	b.sleep(10 * ms)
	c.Done(Success) // drained, but not settled
	b.sleep(10 * ms)
	d.Done(Success) // the window opens here
	opened := b.now
	b.sleep(10 * ms)
	e.Done(Success)
	b.call(10*ms, Success)
	require.Len(t, s.windows, 3)
	require.Equal(t, opened, s.last().Opened)
	require.True(t, s.last().Drained)
	require.Equal(t, 2, s.last().Count[Success])
}

func TestDrainIsGivenUp(t *testing.T) {
	s := &script{decisions: []Decision{
		{Limit: 4, Next: Collect{Samples: 1}},
		{Limit: 1, Next: Collect{Samples: 1, Drain: 1, DrainWithin: time.Second}},
		{Limit: 4, Next: Collect{Samples: 100}},
	}}
	b := newBench(t, s, Config{Initial: 4})
	a, c, d, _ := b.take(), b.take(), b.take(), b.take()
	a.Done(Success)
	b.sleep(2 * time.Second)
	c.Done(Success) // three in flight, but the time is up
	b.sleep(ms)
	d.Done(Success)
	require.Len(t, s.windows, 3)
	require.False(t, s.last().Drained)
}

func TestCohortIsCountedToItsLastCall(t *testing.T) {
	s := &script{decisions: []Decision{
		{Limit: 8, Next: Collect{Samples: 1}},
		{Limit: 4, Next: Collect{Cohort: 50 * ms, After: 8, Within: time.Second}},
		{Limit: 8, Next: Collect{Samples: 100}},
	}}
	b := newBench(t, s, Config{Initial: 8})
	before := b.take()
	b.call(10*ms, Success) // the cohort begins, at limit 4
	require.Equal(t, 4, b.Limit())
	in := []Permit{b.take(), b.take()}
	b.sleep(60 * ms)
	before.Done(Success) // admitted before; ends the cohort by the clock
	require.Equal(t, 8, b.Limit(), "the limit is back before the cohort is")
	after := b.take()
	b.sleep(10 * ms)
	after.Done(Success)
	in[0].Done(Success)
	require.Len(t, s.windows, 2)
	b.sleep(10 * ms)
	in[1].Done(Failure)
	require.Len(t, s.windows, 3)
	w := s.last()
	require.Equal(t, [Outcomes]int{Success: 1, Failure: 1}, w.Count)
	require.Zero(t, w.Pending, "a failure has ended, too")
	require.Equal(t, 8.0, w.Limit)
	b.call(10*ms, Success)
	require.Equal(t, uint64(5), b.Stats().Ended[Success])
}

func TestCohortGoesOnUntilItHasItsCalls(t *testing.T) {
	for _, c := range []struct {
		name  string
		next  Collect
		calls int // of 10 ms each, until the cohort is complete
	}{
		{"the time is longer", Collect{Cohort: 50 * ms, Calls: 2}, 5},
		{"the calls take longer", Collect{Cohort: 20 * ms, Calls: 7}, 7},
		{"not for ever", Collect{Cohort: 20 * ms, Calls: 7, AtMost: 40 * ms}, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.next.After, c.next.Within = 8, time.Minute
			s := &script{decisions: []Decision{{Limit: 8, Next: Collect{Samples: 1}}, {Limit: 4, Next: c.next}, {Limit: 8, Next: Collect{Samples: 100}}}}
			b := newBench(t, s, Config{Initial: 8})
			b.call(10*ms, Success)
			for n := range 20 {
				require.Equal(t, 4, b.Limit())
				b.call(10*ms, Success)
				if b.Limit() == 8 {
					require.Equal(t, c.calls, n+1)
					return
				}
			}
			t.Fatal("the cohort never ended")
		})
	}
}

func TestCohortThatNeverEndsIsGivenUp(t *testing.T) {
	s := &script{decisions: []Decision{
		{Limit: 8, Next: Collect{Cohort: 50 * ms, Within: 200 * ms}},
		{Limit: 8, Next: Collect{Samples: 100}},
	}}
	b := newBench(t, s, Config{Initial: 8})
	b.take() // never ends
	b.call(60*ms, Success)
	require.Len(t, s.windows, 1)
	b.call(150*ms, Success)
	require.Len(t, s.windows, 2)
	require.Equal(t, 1, s.last().Count[Success])
	require.Equal(t, 1, s.last().Pending)
}

func TestPinnedLimitTeachesNothingAndResumes(t *testing.T) {
	s := &script{decisions: []Decision{{Limit: 5, Next: Collect{Samples: 2}}}}
	b := newBench(t, s, Config{})
	require.NoError(t, b.SetLimit(9))
	require.Equal(t, 9, b.Limit())
	for range 10 {
		b.call(10*ms, Success)
	}
	require.Len(t, s.windows, 1)
	b.Resume()
	require.Equal(t, 9, b.Limit(), "the law goes on from there")
	b.call(10*ms, Success)
	b.call(10*ms, Success)
	require.Len(t, s.windows, 2)
	require.True(t, s.last().Resumed)
	require.Equal(t, 9.0, s.last().Limit)
	require.Equal(t, 2, s.last().Completions)
	require.Equal(t, 5, b.Limit())
	b.call(10*ms, Success)
	b.call(10*ms, Success)
	require.False(t, s.last().Resumed)
}

func TestPinDuringUpdateWins(t *testing.T) {
	s := &script{decisions: []Decision{{Limit: 5, Next: Collect{Samples: 1}}}}
	b := newBench(t, s, Config{})
	s.onUpdate = func() { require.NoError(t, b.SetLimit(2)) }
	b.call(10*ms, Success)
	require.Equal(t, 2, b.Limit())
	s.onUpdate = nil
	b.Resume()
	require.Equal(t, 2, b.Limit())
	b.call(10*ms, Success)
	require.Equal(t, 5, b.Limit(), "windows are collected again")
}

func TestRecoverDoublesBackWhileRoundTripsStayUsual(t *testing.T) {
	s := &script{decisions: []Decision{{Limit: 64, Next: Collect{Samples: 10}}}}
	b := newBench(t, s, Config{Initial: 64})
	for range 20 {
		b.call(10*ms, Success)
	}
	seen := len(s.windows)
	b.Suspend(b.Rejection(RejectBreakerOpen))
	_, ok := b.TryAcquire()
	require.False(t, ok)
	b.Hold(3)
	require.Equal(t, 3, b.Limit())
	b.Recover(64)
	require.Equal(t, 16, b.Limit())
	for limit := 16; limit < 64; limit *= 2 {
		for range 2 + limit { // the usual round trip to settle, then the window
			b.call(10*ms, Success)
		}
		require.Equal(t, 2*limit, b.Limit())
	}
	require.Len(t, s.windows, seen, "the law was out of it")
	for range 66 {
		b.call(10*ms, Success)
	}
	require.Greater(t, len(s.windows), seen)
	require.True(t, s.windows[seen].Resumed)
}

func TestRecoverStopsWhenRoundTripsGrow(t *testing.T) {
	s := &script{decisions: []Decision{{Limit: 64, Next: Collect{Samples: 10}}}}
	b := newBench(t, s, Config{Initial: 64})
	for range 20 {
		b.call(10*ms, Success)
	}
	seen := len(s.windows)
	b.Suspend(b.Rejection(RejectBreakerOpen))
	b.Recover(64)
	for range 17 {
		b.call(40*ms, Success)
	}
	require.Equal(t, 16, b.Limit())
	for range 17 {
		b.call(40*ms, Success)
	}
	require.Greater(t, len(s.windows), seen, "the law has taken over")
}

func TestI2LimitOfALawIsKeptWithinBoundsAndFinite(t *testing.T) {
	s := &script{decisions: []Decision{
		{Limit: 0, Next: Collect{Samples: 1}},
		{Limit: 1e9, Next: Collect{Samples: 1}},
		{Limit: math.NaN(), Next: Collect{Samples: 1}},
		{Limit: math.Inf(-1), Next: Collect{Samples: 1}},
		{Limit: math.Inf(1), Next: Collect{Samples: 1}},
	}}
	b := newBench(t, s, Config{Min: 2, Max: 20})
	require.Equal(t, 2, b.Limit())
	for _, want := range []int{20, 20, 2, 20} {
		b.call(ms, Success)
		require.Equal(t, want, b.Limit())
	}
}

func TestPanickingLawFreesThePlaceAndIsAskedAgain(t *testing.T) {
	s := &script{decisions: []Decision{{Limit: 1, Next: Collect{Samples: 1}}}}
	b := newBench(t, s, Config{})
	s.onUpdate = func() { panic("law") }
	require.PanicsWithValue(t, "law", func() { b.call(ms, Success) })
	s.onUpdate = nil
	require.Zero(t, b.Stats().InFlight)
	b.call(ms, Success)
	require.Len(t, s.windows, 3)
}

func TestClockThatStandsStillOrGoesBackDoesNoHarm(t *testing.T) {
	s := &script{decisions: []Decision{{Limit: 4, Next: Collect{Samples: 2}}}}
	b := newBench(t, s, Config{})
	b.now = Instant(time.Hour)
	b.call(0, Success)
	p := b.take()
	b.now = 5
	p.Done(Success)
	require.Len(t, s.windows, 2)
	require.Equal(t, 2, s.last().Latency.Count())
	require.LessOrEqual(t, s.medians[1], 2*time.Nanosecond)
}

func TestHugeRoundTripCountsAsTheLongestBucket(t *testing.T) {
	s := &script{decisions: []Decision{{Limit: 4, Next: Collect{Samples: 1}}}}
	b := newBench(t, s, Config{})
	b.call(1000*time.Hour, Success)
	require.Equal(t, 1, s.last().Latency.Count())
	require.Greater(t, s.medians[1], 2*time.Hour)
}

// A law may take its time: the calls that go on meanwhile neither wait for it nor
// look at the window.
func TestWindowUpdateIsOffTheOtherCallersPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{decisions: []Decision{{Limit: 4, Next: Collect{Samples: 10}}}}
		l, err := NewWith(Config{}, Parts{Law: s})
		require.NoError(t, err)
		call := func() {
			p := take(t, l, 1)[0]
			time.Sleep(ms)
			p.Done(Success)
		}
		for range 9 {
			call()
		}
		thinking, think := make(chan struct{}), make(chan struct{})
		s.onUpdate = func() { close(thinking); <-think }
		var slow sync.WaitGroup
		slow.Go(func() {
			for len(s.windows) < 2 {
				call()
			}
		})
		<-thinking
		s.onUpdate = nil
		begun := time.Now()
		for range 1000 {
			call()
		}
		require.Equal(t, 1000*ms, time.Since(begun))
		require.EqualValues(t, int64(never), l.samples.until.Load(), "nobody looks")
		require.GreaterOrEqual(t, l.Stats().Ended[Success], uint64(1000))
		close(think)
		slow.Wait()
		require.Len(t, s.windows, 2)
		for len(s.windows) < 3 {
			call()
		}
	})
}
