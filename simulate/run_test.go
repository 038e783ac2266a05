package simulate

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
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

// Random small scenarios under all guards: every call is accounted for, every
// permit comes back, the limit holds. newRun.close checks the first two.
func TestNoCallAndNoPermitIsLost(t *testing.T) {
	guards := []string{"none", "fixed:1x", "fixed:3", "aimd", "vegas", "breaker", "coupled", "chained", "corelimit/gradient2", "corelimit/aimd-win"}
	rapid.Check(t, func(t *rapid.T) {
		sc := anyScenario(t)
		require.NoError(t, sc.Validate())
		kind, err := parseGuard(rapid.SampledFrom(guards).Draw(t, "guard"))
		require.NoError(t, err)
		r, err := newRun(sc, kind)
		require.NoError(t, err)
		res, err := r.play(context.Background(), 0)
		require.NoError(t, err)
		if res.Limit != nil && res.Limit.Min == res.Limit.Max {
			require.LessOrEqual(t, res.InFlight.Max, res.Limit.Max)
		}
		require.LessOrEqual(t, res.Served, res.Admitted)
		require.LessOrEqual(t, res.Admitted, res.Attempts)
		require.Len(t, res.Series.Goodput, Bins)
	})
}

func anyScenario(t *rapid.T) *Scenario {
	sc := simple(float64(rapid.IntRange(1, 800).Draw(t, "rate")), rapid.IntRange(1, 30).Draw(t, "servers"), 5*time.Second)
	sc.Seed = rapid.Uint64Range(1, 1000).Draw(t, "seed")
	sc.Timeout = time.Duration(rapid.SampledFrom([]int{0, 20, 100, 500}).Draw(t, "timeout")) * ms
	sc.Downstream.Order = rapid.SampledFrom([]Order{FIFO, LIFO, PS}).Draw(t, "order")
	sc.Downstream.Queue = rapid.SampledFrom([]int{-1, 0, 5}).Draw(t, "queue")
	sc.Downstream.Network = time.Duration(rapid.SampledFrom([]int{0, 1, 30}).Draw(t, "network")) * ms
	sc.Downstream.DropStale = rapid.Bool().Draw(t, "drop")
	if rapid.Bool().Draw(t, "fleet") {
		sc.Clients = Clients{Count: 3, Skew: 2, Clocks: ms}
	}
	if rapid.Bool().Draw(t, "wait") {
		sc.Wait = Wait{Queue: 10, Max: time.Duration(rapid.SampledFrom([]int{0, 15}).Draw(t, "max")) * ms}
	}
	if rapid.Bool().Draw(t, "retries") {
		sc.Retries = Retries{Count: 2, Backoff: 10 * ms, Budget: rapid.SampledFrom([]float64{0, 0.2}).Draw(t, "budget")}
	}
	if rapid.Bool().Draw(t, "users") {
		sc.Load = append([]Phase{{Arrivals: Users, Users: 20, Think: Distribution{Kind: Exp, Mean: 20 * ms}, For: 2 * time.Second}}, sc.Load...)
	}
	for range rapid.IntRange(0, 3).Draw(t, "faults") {
		f := Fault{Kind: rapid.SampledFrom(faultKinds).Draw(t, "kind"), At: time.Second, For: time.Duration(rapid.IntRange(1, 900).Draw(t, "for")) * ms}
		switch f.Kind {
		case Slow:
			f.Value = 4
		case Stall:
			f.For /= 4
			f.Every = time.Second
		default:
			f.Value = 0.5
		}
		sc.Faults = append(sc.Faults, f)
	}
	return sc
}

// I14: the same scenario and seed give the same bytes, whatever the machine does.
func TestReportsAreTheSameBytesOnAnyNumberOfProcessors(t *testing.T) {
	sc := simple(600, 20, 20*time.Second)
	sc.Timeout = time.Second
	sc.Clients = Clients{Count: 3}
	sc.Changes = []time.Duration{5 * time.Second}
	report := func(procs int) []byte {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		r := Runner{Guards: []string{"none", "fixed:1x", "aimd", "vegas", "coupled", "chained", "corelimit/gradient2-win"}, Seeds: []uint64{1, 2, 3}}
		rep, err := r.Compare(context.Background(), sc)
		require.NoError(t, err)
		data, err := json.Marshal(rep)
		require.NoError(t, err)
		return data
	}
	one := report(1)
	require.Equal(t, string(one), string(report(2)))
	require.Equal(t, string(one), string(report(4)))
}

func TestSeedsAndOnlySeedsChangeTheCalls(t *testing.T) {
	offered := func(seed uint64, guard string) uint64 {
		sc := simple(600, 20, 20*time.Second)
		sc.Seed = seed
		return play(t, sc, guard).Offered
	}
	require.Equal(t, offered(1, "none"), offered(1, "vegas"), "common random numbers")
	require.NotEqual(t, offered(1, "none"), offered(2, "none"))
}

func TestALoopThatNeverAdvancesIsFound(t *testing.T) {
	sc := simple(1, 1, time.Second)
	sc.Load = []Phase{{Arrivals: Users, Users: 5, Think: Distribution{Kind: Const, Mean: time.Nanosecond}}}
	sc.Load[0].Think.Mean = 0 // Validate refuses it; the engine must not hang on it
	kind, err := parseGuard("fixed:1")
	require.NoError(t, err)
	r, err := newRun(sc, kind)
	require.NoError(t, err)
	_, err = r.play(context.Background(), 0)
	require.EqualError(t, err, "simulate: simple, guard fixed:1: no progress: 1000001 events at 0s, most lately users called")
}

func TestARunOverItsBudgetSaysSo(t *testing.T) {
	sc := simple(1000, 20, time.Minute)
	_, err := (&Runner{Events: 70_000, Guards: []string{"none"}}).Compare(context.Background(), sc)
	require.ErrorContains(t, err, "simulate: simple, guard oracle: over the budget of 70000 events at ")
	_, err = (&Runner{Events: 1000, Guards: []string{"none"}}).Compare(context.Background(), sc)
	require.EqualError(t, err, "simulate: simple: its load and faults alone are about 6e+04 events, over the budget of 1000; shorten it, lower its load or raise the budget")
}

func TestACancelledRunReturnsTheCause(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("enough"))
	rep, err := new(Runner).Compare(ctx, simple(1000, 20, time.Minute))
	require.EqualError(t, err, "enough")
	require.Nil(t, rep)
}

func TestARunAllocatesNothingPerCall(t *testing.T) {
	allocs := func(seconds int) float64 {
		sc := simple(300, 20, time.Duration(seconds)*time.Second)
		sc.Timeout = time.Second
		return testing.AllocsPerRun(3, func() { play(t, sc, "fixed:30") })
	}
	// Ten times the calls, 27,000 more of them, cost no more than a few longer rings.
	require.InDelta(t, allocs(10), allocs(100), 60)
}
