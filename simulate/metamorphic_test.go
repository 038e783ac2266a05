package simulate

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/internal/raced"
)

// M1: all times k times as long, and nothing changes but the unit. k is a power of
// two, so that the buckets of histograms scale too, and all times of the scenario
// are whole nanoseconds, so that nothing is rounded.
func TestScalingAllTimesLeavesTheLimitAlone(t *testing.T) {
	const k = 8
	var stamps, work []time.Duration
	rnd := newStream(3, "stamps", 0).sequence()
	for at := time.Duration(0); at < 60*time.Second; at += time.Duration(rnd.ExpFloat64() * 1.7e6) {
		stamps = append(stamps, at)
		work = append(work, time.Duration(1+rnd.ExpFloat64()*50e6))
	}
	scaled := func(times []time.Duration, k time.Duration) []time.Duration {
		out := make([]time.Duration, len(times))
		for i, x := range times {
			out[i] = x * k
		}
		return out
	}
	scenario := func(k time.Duration) *Scenario {
		sc := simple(1, 20, k*60*time.Second)
		sc.Load = []Phase{{Arrivals: Replay, Stamps: scaled(stamps, k)}}
		sc.Timeout = k * 2 * time.Second
		sc.Downstream.Service = Distribution{Kind: Empirical, Values: scaled(work, k)}
		sc.Downstream.Network = k * 10 * time.Millisecond
		sc.Faults = []Fault{{Kind: Slow, Value: 3, At: k * 20 * time.Second, For: k * 10 * time.Second}}
		return sc
	}
	for _, guard := range []string{"none", "fixed:20", "aimd", "vegas", "corelimit/gradient2"} {
		a, b := play(t, scenario(1), guard), play(t, scenario(k), guard)
		require.Equal(t, a.Offered, b.Offered, guard)
		require.Equal(t, a.Served, b.Served, guard)
		require.InEpsilon(t, a.Latency.Mean, b.Latency.Mean/k, 1e-9, guard)
		require.InEpsilonSlice(t, append(a.Series.Limit, 1), append(b.Series.Limit, 1), 1e-9, guard)
	}
}

// M2: of calls that arrive at the same instant it does not matter which client's
// is first.
func TestTheOrderOfSimultaneousArrivalsDoesNotMatter(t *testing.T) {
	run := func(first int) *Result {
		sc := simple(1, 3, 10*time.Second)
		sc.Clients.Count, sc.Timeout = 2, time.Second
		sc.Downstream.Service = Distribution{Kind: Const, Mean: 50 * time.Millisecond}
		sc.Load = []Phase{{Arrivals: Replay}}
		for i := range 900 {
			pair := time.Duration(i*10+i%7) * time.Millisecond
			sc.Load[0].Stamps = append(sc.Load[0].Stamps, pair, pair)
		}
		require.NoError(t, sc.Validate())
		kind, err := parseGuard("fixed:2")
		require.NoError(t, err)
		r, err := newRun(sc, kind)
		require.NoError(t, err)
		n := first
		r.choose = func() *client { n++; return r.fleet[n%2] }
		res, err := r.play(context.Background(), 0)
		require.NoError(t, err)
		return res
	}
	a, b := run(0), run(1)
	require.Positive(t, a.Rejected)
	require.Equal(t, asJSON(t, a), asJSON(t, b))
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return string(data)
}

// M3: what does nothing changes nothing, not even a draw.
func TestIdlePartsChangeNothing(t *testing.T) {
	plain := func() *Scenario {
		sc := simple(600, 20, 30*time.Second)
		sc.Timeout = time.Second
		sc.Retries = Retries{Count: 1}
		return sc
	}
	for name, change := range map[string]func(*Scenario){
		"faults without effect": func(sc *Scenario) {
			sc.Faults = []Fault{{Kind: Errors}, {Kind: Blackhole}, {Kind: Slow, Value: 1}, {Kind: Capacity, Value: 1}}
		},
		"a rate limit out of reach": func(sc *Scenario) { sc.Downstream.RateLimit = RateLimit{Rate: 1e6} },
		"a queue out of reach":      func(sc *Scenario) { sc.Downstream.Queue = 1 << 20 },
		"a step to the same":        func(sc *Scenario) { sc.Downstream.Servers = []Step{{0, 20}, {10 * time.Second, 20}} },
		"a phase cut in two": func(sc *Scenario) {
			sc.Load = []Phase{sc.Load[0], {Arrivals: Poisson, Rate: Rate{Value: 1}}}
			sc.Load[0].For = sc.Duration - 1
		},
		"a stall after the end": func(sc *Scenario) {
			sc.Faults = []Fault{{Kind: Stall, At: 29 * time.Second, For: time.Hour, Every: 0}}
			sc.Faults[0].At = sc.Duration // not valid; never reached
		},
	} {
		for _, guard := range []string{"none", "vegas"} {
			want, sc := play(t, plain(), guard), plain()
			change(sc)
			kind, err := parseGuard(guard)
			require.NoError(t, err)
			r, err := newRun(sc, kind)
			require.NoError(t, err)
			got, err := r.play(context.Background(), 0)
			require.NoError(t, err)
			got.Events = want.Events // edges are events
			require.Equal(t, asJSON(t, want), asJSON(t, got), "%s, %s", name, guard)
		}
	}
}

// M4: with twice the servers the limit settles no lower, and no fewer calls are
// served.
func TestTwiceTheServersServeNoLess(t *testing.T) {
	raced.Spare(t)
	for _, guard := range []string{"none", "aimd", "vegas", "corelimit/gradient2"} {
		for seed := range uint64(3) {
			run := func(servers int) *Result {
				sc := simple(900, servers, 60*time.Second)
				sc.Seed, sc.Timeout = seed+1, 2*time.Second
				return play(t, sc, guard)
			}
			a, b := run(20), run(40)
			require.GreaterOrEqual(t, b.Served, a.Served, guard)
			if a.Limit != nil {
				require.GreaterOrEqual(t, settled(b), settled(a), guard)
			}
		}
	}
}

// settled is the mean limit of the last quarter.
func settled(r *Result) float64 {
	var sum float64
	for _, x := range r.Series.Limit[Bins*3/4:] {
		sum += x
	}
	return sum / (Bins / 4)
}

// M5: without noise, everything is known: 10 servers, constant spacing and work.
// At 0.8 nobody waits. At 1.25 a call comes every 4 ms and lasts 50, so a fixed
// limit of 10 admits ten of thirteen.
func TestWithoutNoiseEverythingIsKnown(t *testing.T) {
	calm := func(load float64) *Scenario {
		sc := simple(0, 10, 100*time.Second)
		sc.Load = []Phase{{Arrivals: Constant, Rate: Rate{Value: load, OfCapacity: true}}}
		sc.Downstream.Service = Distribution{Kind: Const, Mean: 50 * time.Millisecond}
		return sc
	}
	res := play(t, calm(0.8), "none")
	require.InDelta(t, 0.05, res.Latency.Max, 1e-9)
	require.InDelta(t, 8, res.InFlight.Mean, 0.02)
	require.Zero(t, res.Queue.Max)
	res = play(t, calm(1.25), "fixed:10")
	require.InEpsilon(t, 10/0.052, res.Goodput, 0.001)
	require.InDelta(t, 0.05, res.Latency.Max, 1e-9)
	require.InEpsilon(t, 3.0/13, float64(res.Rejected)/float64(res.Offered), 0.001)
}
