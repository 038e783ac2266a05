package simulate

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
)

// live is the downstream of a simple scenario without load.
func live(t *testing.T, sc *Scenario) *Live {
	t.Helper()
	l, err := NewLive(sc)
	require.NoError(t, err)
	return l
}

// constant is one server of exactly 50 ms, 30 ms away.
func constant() *Scenario {
	sc := simple(10, 1, 2*time.Second)
	sc.Downstream.Service.Kind = Const
	sc.Downstream.Network = 30 * time.Millisecond
	return sc
}

const milli = adaptive.Instant(time.Millisecond)

func TestLiveCallEndsWhenAdvanceReachesIt(t *testing.T) {
	l := live(t, constant())
	var got []adaptive.Outcome
	done := func(r adaptive.Result) { got = append(got, r.Outcome) }
	l.Send(5*milli, 1, 0, done)
	l.Advance(85*milli - 1)
	require.Empty(t, got)
	l.Advance(85 * milli)
	require.Equal(t, []adaptive.Outcome{adaptive.Success}, got)
	l.Advance(math.MaxInt64) // the end of time is no event
	require.Len(t, got, 1)
}

func TestLiveNextLeadsThroughAllEvents(t *testing.T) {
	l := live(t, constant())
	ended := false
	l.Send(0, 1, 0, func(adaptive.Result) { ended = true })
	var at []adaptive.Instant
	for !ended {
		next, ok := l.Next()
		require.True(t, ok)
		at = append(at, next)
		l.Advance(next)
	}
	require.Equal(t, []adaptive.Instant{15 * milli, 65 * milli, 80 * milli}, at, "there, served, back")
}

func TestLiveCallerLeavesOnce(t *testing.T) {
	l := live(t, constant())
	never := func(adaptive.Result) { require.FailNow(t, "the caller has left") }
	first := l.Send(0, 1, 0, never)
	require.True(t, l.Leave(10*milli, first, adaptive.TimedOut))
	require.False(t, l.Leave(10*milli, first, adaptive.TimedOut))
	l.Advance(80 * milli)
	require.EqualValues(t, 1, l.Seen(80*milli).Stale)

	ended := 0
	second := l.Send(100*milli, 2, 0, func(adaptive.Result) { ended++ }) // in the record of the first
	require.False(t, l.Leave(100*milli, first, adaptive.TimedOut))
	require.False(t, l.Leave(180*milli, second, adaptive.TimedOut), "the answer of that very instant was first")
	require.Equal(t, 1, ended)
	require.EqualValues(t, 2, l.Seen(180*milli).Latency.Count)
}

func TestLiveLoadIsThatOfTheScenario(t *testing.T) {
	sc := simple(100, 1, 2*time.Second)
	l := live(t, sc)
	n := uint64(0)
	require.NoError(t, l.Offer(func(a Arrival) {
		require.Equal(t, Arrival{ID: n, User: -1}, a)
		n++
	}))
	require.ErrorContains(t, l.Offer(func(Arrival) {}), "once")
	l.Advance(adaptive.Instant(time.Hour))
	require.Equal(t, play(t, sc, "none").Offered, n)
}

func TestLiveUsersCallAgainAfterThinking(t *testing.T) {
	sc := simple(1, 1, 2*time.Second)
	sc.Load = []Phase{{Arrivals: Users, Users: 2, Think: Distribution{Kind: Const, Mean: 300 * time.Millisecond}}}
	l := live(t, sc)
	var calls []int
	require.NoError(t, l.Offer(func(a Arrival) { calls = append(calls, a.User) }))
	l.Advance(300 * milli)
	require.Equal(t, []int{0, 1}, calls)
	l.Think(400*milli, 1)
	l.Advance(700 * milli)
	require.Equal(t, []int{0, 1, 1}, calls)
	l.Think(1900*milli, 0)
	l.Advance(adaptive.Instant(time.Hour))
	require.Len(t, calls, 3, "the load is over after 2 s")
}

func TestLiveRefusesAScenarioWithFaults(t *testing.T) {
	_, err := NewLive(&Scenario{Name: "empty"})
	require.ErrorContains(t, err, "duration: is missing")
}
