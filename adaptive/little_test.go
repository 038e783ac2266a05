package adaptive

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// flowing is a window of a tenth of a second of start-up with inFlight calls in
// flight, of which some were answered after rtt and some timed out after 2 s.
func flowing(inFlight, answered int, rtt time.Duration, timedOut int) *Window {
	w := &Window{Closed: Instant(100 * ms), Limit: float64(inFlight), Latency: newHistogram(), Low: newHistogram()}
	w.PeakInFlight, w.MeanInFlight = inFlight, float64(inFlight)
	w.Count[Success], w.Count[TimedOut], w.Censored = answered, timedOut, timedOut
	w.Latency.c.Add(uint64(rtt), uint64(answered))
	w.Latency.c.Add(uint64(2*time.Second), uint64(timedOut))
	return w
}

// newestFirst is start-up up to the doubt: 40 calls in 100 ms, whatever is in flight.
func newestFirst(t *testing.T) *little {
	l := &little{}
	for _, inFlight := range []int{12, 24, 48} {
		require.Equal(t, answered, l.starting(flowing(inFlight, 40, 40*ms, 0), true), inFlight)
	}
	require.Equal(t, pending, l.starting(flowing(96, 40, 40*ms, 0), true))
	require.InEpsilon(t, 16, l.knee, 0.04, "400 calls a second of 40 ms")
	return l
}

func TestCallsThatTimeOutWereStuck(t *testing.T) {
	l := newestFirst(t)
	require.Equal(t, pending, l.starting(flowing(96, 40, 40*ms, 2), false), "a few time out anywhere")
	require.Zero(t, l.bound)
	require.Equal(t, stuck, l.starting(flowing(96, 40, 40*ms, 1), false))
	require.InEpsilon(t, 1.1*16+2, l.bound, 0.04)
}

func TestCallsThatComeRoundWereSlow(t *testing.T) {
	l := newestFirst(t)
	require.Equal(t, pending, l.starting(flowing(96, 40, 40*ms, 0), false))
	require.Equal(t, answered, l.starting(flowing(96, 40, 600*ms, 0), false))
	require.Equal(t, answered, l.starting(flowing(96, 40, 40*ms, 3), true), "asked anew from here on")
	require.Zero(t, l.bound)
}

func TestNobodyIsStuckWhileMoreInFlightLetMoreThrough(t *testing.T) {
	l := &little{}
	for inFlight, answers := 12, 10; inFlight < 1000; inFlight, answers = 2*inFlight, 2*answers {
		require.Equal(t, answered, l.starting(flowing(inFlight, answers, 10*ms, 3), true), inFlight)
	}
}

// A service that hangs has more calls in flight, too, and none more answered; the limit
// was right.
func TestAHangIsNoStartUp(t *testing.T) {
	l := &little{}
	require.Equal(t, answered, l.starting(flowing(3, 40, 5*ms, 0), true))
	for range 10 {
		require.Equal(t, answered, l.starting(flowing(96, 40, 5*ms, 20), false))
	}
	require.Zero(t, l.bound)
}

func TestAResumedStartUpForgetsWhatItSaw(t *testing.T) {
	l := newestFirst(t)
	w := flowing(96, 40, 40*ms, 5)
	w.Resumed = true
	require.Equal(t, answered, l.starting(w, true))
}

func TestTheBoundFollowsWhatTimesOut(t *testing.T) {
	l := &little{knee: 16, bound: 19.6}
	l.lift(15)
	require.Equal(t, 19.6, l.bound, "nobody made use of it")
	l.lift(19.6)
	require.InDelta(t, 21.56, l.bound, 1e-9)
	l.steady(flowing(21, 40, 40*ms, 0))
	require.InDelta(t, 21.56, l.bound, 1e-9)
	for range 3 {
		l.steady(flowing(21, 40, 40*ms, 1))
		require.InDelta(t, 19.6, l.bound, 1e-9, "one time-out of 2 s holds all of 21 places for a tenth of a second")
	}
	for range 12 {
		require.NotZero(t, l.bound)
		l.lift(l.bound)
	}
	for range 2 {
		l.lift(l.bound)
	}
	require.Zero(t, l.bound, "the downstream is four times what it was")
}
