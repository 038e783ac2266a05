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

// Random small scenarios under all guards: every call is accounted for, every
// permit comes back, the limit holds. newRun.close checks the first two.
func TestI14NoCallAndNoPermitIsLost(t *testing.T) {
	guards := []string{"none", "fixed:1x", "fixed:3", "aimd", "vegas", "breaker", "coupled", "chained", "nested", "corelimit/gradient2", "corelimit/aimd-win"}
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
		all := ClassResult{}
		for _, c := range res.Classes {
			all.Offered, all.Pending, all.Latency.Count = all.Offered+c.Offered, all.Pending+c.Pending, all.Latency.Count+c.Latency.Count
		}
		if sc.Classes != nil {
			require.Equal(t, []uint64{res.Offered, res.Pending, res.Latency.Count}, []uint64{all.Offered, all.Pending, all.Latency.Count})
		}
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
	if rapid.Bool().Draw(t, "late") {
		sc.Clients = Clients{Count: 2, Join: []time.Duration{0, 3 * time.Second}}
	}
	if rapid.Bool().Draw(t, "classes") {
		sc.Classes = []Class{{Name: "a", Share: 0.3, Timeout: 40 * ms}, {Name: "b", Share: 0.7, Service: Distribution{Kind: Const, Mean: 30 * ms}}}
	}
	if rapid.Bool().Draw(t, "hard") {
		sc.Downstream.HardLimit = HardLimit{rapid.IntRange(1, 20).Draw(t, "most"), rapid.SampledFrom([]Excess{Refuse, Swallow}).Draw(t, "then")}
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

// The same scenario and seed give the same bytes, whatever the machine does.
func TestI14ReportsAreTheSameBytesOnAnyNumberOfProcessors(t *testing.T) {
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
	require.ErrorContains(t, err, "simulate: simple, guard none: over the budget of 70000 events at ")
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
