package simulate

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// lone plays calls that arrive at the stamps, in ms, with constant service.
func lone(t *testing.T, change func(*Scenario), guard string, stamps ...int) *Result {
	t.Helper()
	sc := simple(1, 1, time.Second)
	sc.Downstream.Service = Distribution{Kind: Const, Mean: 50 * time.Millisecond}
	sc.Load = []Phase{{Arrivals: Replay}}
	for _, s := range stamps {
		sc.Load[0].Stamps = append(sc.Load[0].Stamps, time.Duration(s)*time.Millisecond)
	}
	change(sc)
	return play(t, sc, guard)
}

const ms = time.Millisecond

func TestACallCrossesTheNetworkAndIsServed(t *testing.T) {
	res := lone(t, func(sc *Scenario) { sc.Downstream.Network = 20 * ms }, "none", 0)
	require.EqualValues(t, 1, res.Served)
	require.InDelta(t, 0.070, res.Latency.Max, 1e-9)
}

func TestTheSecondCallWaitsForTheServer(t *testing.T) {
	res := lone(t, func(*Scenario) {}, "none", 0, 10)
	require.InDelta(t, 0.090, res.Latency.Max, 1e-9)
	require.InDelta(t, 0.070, res.Latency.Mean, 1e-9)
	require.InDelta(t, 0.040, res.Queue.Mean, 1e-9, "one call waits 40 ms of a second")
	require.InDelta(t, 0.140, res.InFlight.Mean, 1e-9)
	require.Equal(t, Level{Min: 0, Max: 2, Mean: res.InFlight.Mean, Mode: 0}, res.InFlight)
}

func TestLIFOServesTheNewestFirst(t *testing.T) {
	last := func(order Order) float64 {
		return lone(t, func(sc *Scenario) { sc.Downstream.Order = order; sc.Timeout = 95 * ms }, "none", 0, 10, 20).Latency.P50
	}
	require.InDelta(t, 0.090, last(FIFO), 0.001, "0, then 10: 90 ms, then 20: timed out at 95 ms")
	require.InDelta(t, 0.080, last(LIFO), 0.001, "0, then 20: 80 ms, then 10: timed out at 95 ms")
}

func TestSharingSlowsAllCalls(t *testing.T) {
	res := lone(t, func(sc *Scenario) { sc.Downstream.Order = PS }, "none", 0, 10)
	// 10 ms alone, then 80 ms at half speed: the first ends at 90 ms, the second at 100 ms.
	require.InDelta(t, 0.090, res.Latency.Max, 1e-6)
	require.InDelta(t, 0.090, res.Latency.Mean, 1e-6)
}

func TestTheDownstreamGoesOnForACallerWhoHasLeft(t *testing.T) {
	res := lone(t, func(sc *Scenario) { sc.Timeout = 30 * ms }, "none", 0, 40)
	require.EqualValues(t, 2, res.Late)
	require.EqualValues(t, 2, res.Wasted)
	require.InDelta(t, 0.030, res.Latency.Max, 1e-9)
}

func TestStaleCallsCanBeDropped(t *testing.T) {
	stale := func(drop bool) *Result {
		return lone(t, func(sc *Scenario) { sc.Timeout = 70 * ms; sc.Downstream.DropStale = drop }, "none", 0, 0, 0, 85)
	}
	require.EqualValues(t, 1, stale(false).Served, "two dead calls hold the server until 150 ms")
	require.EqualValues(t, 2, stale(true).Served)
}

func TestRefusalsAndErrorsComeBackFast(t *testing.T) {
	full := lone(t, func(sc *Scenario) { sc.Downstream.Queue = 0; sc.Downstream.Network = 20 * ms }, "none", 0, 10)
	require.EqualValues(t, 1, full.Served)
	require.EqualValues(t, 1, full.Refused)
	require.InDelta(t, (0.070 + 0.02005), full.InFlight.Mean, 1e-6)
	failing := lone(t, func(sc *Scenario) { sc.Faults = []Fault{{Kind: Errors, Value: 1}} }, "none", 0, 10)
	require.EqualValues(t, 2, failing.Failed)
	require.Zero(t, failing.Latency.Count)
}

func TestASwallowedCallEndsByTimeOutAndTakesNoServer(t *testing.T) {
	res := lone(t, func(sc *Scenario) {
		sc.Timeout = 200 * ms
		sc.Faults = []Fault{{Kind: Blackhole, Value: 1, For: 5 * ms}}
	}, "none", 0, 10)
	require.EqualValues(t, 1, res.Late)
	require.EqualValues(t, 1, res.Served)
	require.InDelta(t, 0.2, res.Latency.Max, 1e-9)
	require.InDelta(t, 0.25, res.InFlight.Mean, 1e-9)
}

func TestSharesOfFaultsStrikeThatManyCalls(t *testing.T) {
	sc := simple(1000, 200, 20*time.Second)
	sc.Timeout = time.Second
	sc.Faults = []Fault{{Kind: Errors, Value: 0.1}, {Kind: Refusals, Value: 0.2}, {Kind: Blackhole, Value: 0.3}}
	res := play(t, sc, "none")
	n := float64(res.Offered)
	require.InDelta(t, 0.1, float64(res.Failed)/n, 0.01)
	require.InDelta(t, 0.9*0.2, float64(res.Refused)/n, 0.01)
	require.InDelta(t, 0.9*0.8*0.3, float64(res.TimedOut)/n, 0.012)
}

func TestTheRateLimitRefusesWhatIsAboveIt(t *testing.T) {
	sc := simple(200, 100, 50*time.Second)
	sc.Downstream.RateLimit = RateLimit{Rate: 50, Burst: 10}
	res := play(t, sc, "none")
	require.InDelta(t, 50*50+10, float64(res.Served+res.Pending), 5)
}

func TestWaitingCallsAreRejectedAfterTheirPatience(t *testing.T) {
	res := lone(t, func(sc *Scenario) { sc.Wait = Wait{Queue: 2, Max: 60 * ms} }, "fixed:1", 0, 0, 0, 0)
	require.EqualValues(t, 2, res.Served, "one at once, one after 50 ms")
	require.Equal(t, map[string]uint64{"queue full": 1, "queue timeout": 1}, res.RejectedFor)
	require.InDelta(t, 0.1, res.Latency.Max, 1e-9)
	require.InDelta(t, 0.05, res.RTT.Max, 1e-9)
}

func TestTheTimeOutCountsFromArrival(t *testing.T) {
	res := lone(t, func(sc *Scenario) { sc.Wait = Wait{Queue: 9}; sc.Timeout = 80 * ms }, "fixed:1", 0, 0, 10)
	require.EqualValues(t, 1, res.Served)
	require.EqualValues(t, 2, res.Late, "admitted at 50 ms, gone at 80 ms; admitted at 80 ms, gone at 90 ms")
	require.InDelta(t, 0.08, res.Latency.Max, 1e-9)
	require.InDelta(t, 0.05, res.RTT.Max, 1e-9)
}

func TestRetriesBackOffAndCountOnce(t *testing.T) {
	res := lone(t, func(sc *Scenario) {
		sc.Timeout = 100 * ms
		sc.Retries = Retries{Count: 3, Backoff: 20 * ms}
		sc.Faults = []Fault{{Kind: Errors, Value: 1, For: 5 * ms}}
	}, "none", 0)
	require.EqualValues(t, 1, res.Offered)
	require.EqualValues(t, 1, res.Served)
	require.EqualValues(t, 2, res.Attempts)
	require.InDelta(t, 0.050+0.020, res.Latency.Max, 0.0101, "from the arrival of the call; the backoff is 10 to 30 ms")
	all := lone(t, func(sc *Scenario) {
		sc.Timeout = 100 * ms
		sc.Retries = Retries{Count: 3, Backoff: 20 * ms}
		sc.Faults = []Fault{{Kind: Refusals, Value: 1}}
	}, "none", 0)
	require.EqualValues(t, 4, all.Attempts)
	require.EqualValues(t, 1, all.Refused)
}

func TestARetryComesNoSoonerThanAskedFor(t *testing.T) {
	res := lone(t, func(sc *Scenario) {
		sc.Retries = Retries{Count: 1, Backoff: ms}
		sc.Downstream.RateLimit = RateLimit{Rate: 1, Burst: 1, RetryAfter: 400 * ms}
	}, "none", 0, 600)
	require.EqualValues(t, 1, res.Served)
	require.EqualValues(t, 1, res.Pending, "refused at 600 ms, back at 1 s")
	require.EqualValues(t, 2, res.Attempts)
}

func TestSharingFollowsServersAndStalls(t *testing.T) {
	res := lone(t, func(sc *Scenario) {
		sc.Downstream.Order = PS
		sc.Downstream.Servers = []Step{{0, 2}, {20 * ms, 1}}
		sc.Faults = []Fault{{Kind: Stall, At: 30 * ms, For: 100 * ms}}
	}, "none", 0, 0)
	// 20 ms at full speed, 10 at half, 100 standing still, then 25 ms of work at half speed.
	require.InDelta(t, 0.180, res.Latency.Max, 1e-6)
}

func TestSwallowedCallsLeaveNoRecords(t *testing.T) {
	sc := simple(1000, 10, 10*time.Second)
	sc.Timeout = 10 * ms
	sc.Faults = []Fault{{Kind: Blackhole, Value: 1}}
	kind, err := parseGuard("none")
	require.NoError(t, err)
	r, err := newRun(sc, kind)
	require.NoError(t, err)
	_, err = r.play(context.Background(), 0)
	require.NoError(t, err)
	require.Less(t, len(r.calls.all), 50, "ten are in flight at a time")
}

func TestARetryBudgetRunsOut(t *testing.T) {
	sc := simple(100, 20, 100*time.Second)
	sc.Timeout = time.Second
	sc.Retries = Retries{Count: 3, Budget: 0.1}
	sc.Faults = []Fault{{Kind: Errors, Value: 0.5}}
	res := play(t, sc, "none")
	retried := float64(res.Attempts - res.Offered)
	require.InDelta(t, 0.1*float64(res.Served)+maxTokens, retried, 12)
}

func TestUsersThinkBetweenCalls(t *testing.T) {
	sc := simple(1, 50, 100*time.Second)
	sc.Load = []Phase{{Arrivals: Users, Users: 10, Think: Distribution{Kind: Const, Mean: 50 * ms}, For: 50 * time.Second}}
	sc.Downstream.Service = Distribution{Kind: Const, Mean: 50 * ms}
	res := play(t, sc, "none")
	require.InDelta(t, 10*50/0.1, res.Offered, 11, "ten users, ten calls a second each, for half of the run")
	require.Equal(t, 10.0, res.InFlight.Max)
}

func TestAFleetSharesTheLoadBySkew(t *testing.T) {
	sc := simple(1000, 100, 50*time.Second)
	sc.Clients = Clients{Count: 4, Skew: 4}
	kind, err := parseGuard("fixed:1x")
	require.NoError(t, err)
	r, err := newRun(sc, kind)
	require.NoError(t, err)
	_, err = r.play(context.Background(), 0)
	require.NoError(t, err)
	for i, c := range r.fleet {
		require.InEpsilon(t, 50_000*[]float64{1, 1, 4, 4}[i]/10, c.offered, 0.03)
		require.Equal(t, 25, c.limit)
	}
}
