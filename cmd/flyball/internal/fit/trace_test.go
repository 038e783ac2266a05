package fit

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/internal/raced"
	"github.com/flyball-go/flyball/simulate"
	"github.com/flyball-go/flyball/simulate/trace"
)

// row is a call of a trace.
type row struct {
	at, took time.Duration
	failed   bool
}

// written is a trace in CSV, to the microsecond.
func written(t require.TestingT, rows []row) *trace.Trace {
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.at, b.at) })
	var b bytes.Buffer
	fmt.Fprintln(&b, "time_us,latency_us,success")
	for _, r := range rows {
		fmt.Fprintf(&b, "%d,%d,%t\n", r.at.Microseconds(), r.took.Microseconds(), !r.failed)
	}
	tr, err := trace.Read("trace.csv", &b, trace.Options{})
	require.NoError(t, err)
	return tr
}

// recorded plays Poisson arrivals at rates in turn, each for so long.
func recorded(t require.TestingT, d simulate.Downstream, seed uint64, length time.Duration, rates ...float64) *trace.Trace {
	random := rand.New(rand.NewPCG(seed, 0))
	var begin []time.Duration
	at := 0.0
	for i, rate := range rates {
		for ; at < float64(i+1)*length.Seconds(); at += random.ExpFloat64() / rate {
			begin = append(begin, time.Duration(at*float64(time.Second)))
		}
	}
	sc := (&Twin{Downstream: d, Timeout: time.Minute}).Scenario()
	sc.Seed = seed + 1
	answers, err := play(context.Background(), sc, begin, math.MaxInt, 0)
	require.NoError(t, err)
	var rows []row
	for _, a := range answers {
		rows = append(rows, row{a.at, a.took, a.outcome != adaptive.Success})
	}
	return written(t, rows)
}

func TestServersOfATraceAreFound(t *testing.T) {
	raced.Spare(t)
	draws := 6
	if patient {
		draws = 60
	}
	random := rand.New(rand.NewPCG(3, 3))
	kinds := []simulate.DistributionKind{simulate.Const, simulate.Exp, simulate.Lognormal, simulate.Gamma}
	for i := range draws {
		servers, kind, mean := 1+random.IntN(40), kinds[i%len(kinds)], time.Duration(5+random.IntN(95))*ms
		shape := map[simulate.DistributionKind]float64{simulate.Lognormal: 0.6, simulate.Gamma: 3}[kind]
		t.Logf("%d servers, %s %v", servers, kind, mean)
		capacity := float64(servers) / mean.Seconds()
		d := simulate.Downstream{Servers: at(servers), Service: lasting(kind, mean, shape), Queue: -1}
		length := time.Duration(400 / capacity * float64(time.Second))
		var rates []float64
		for _, use := range []float64{0.5, 1.1, 0.7, 0.8, 0.5, 0.9, 1.2, 0.3, 0.8, 0.6} {
			rates = append(rates, use*capacity)
		}
		twin, err := OfTrace(t.Context(), recorded(t, d, uint64(i+1), length, rates...), simulate.Empirical)
		require.NoError(t, err)
		require.InDelta(t, servers, twin.Downstream.Servers[0].Servers, 1+float64(servers)/20)
		require.InEpsilon(t, capacity, twin.Capacity, 0.1)
	}
}

func TestTwinOfATracePredictsIt(t *testing.T) {
	raced.Spare(t)
	d := simulate.Downstream{Servers: at(8), Service: lasting(simulate.Lognormal, 40*ms, 0.5), Queue: 24}
	tr := recorded(t, d, 1, 30*time.Second, 100, 150, 130, 190, 170, 140, 240, 120, 160, 110)
	twin, err := OfTrace(t.Context(), tr, simulate.Empirical)
	require.NoError(t, err)
	told(t, twin)
	require.Empty(t, twin.Doubt())
	require.Equal(t, 8, twin.Downstream.Servers[0].Servers)
	require.Equal(t, 24, twin.Downstream.Queue)
	require.InEpsilon(t, 200, twin.Capacity, 0.05)
	for _, j := range twin.Judged {
		require.InEpsilon(t, j.Measured.P99, j.Predicted.P99, 0.2)
	}
	var b bytes.Buffer
	twin.Write(&b, "a test")
	sc, err := simulate.Parse("twin.yaml", b.Bytes())
	require.NoError(t, err, b.String())
	require.Equal(t, twin.Downstream.Queue, sc.Downstream.Queue)
}

func TestChanceFailuresOfATraceAreErrors(t *testing.T) {
	raced.Spare(t)
	d := simulate.Downstream{Servers: at(4), Service: lasting(simulate.Exp, 20*ms, 0), Queue: -1}
	tr := recorded(t, d, 1, 20*time.Second, 100, 150, 180, 220, 150)
	var rows []row
	for i, r := range tr.Records {
		rows = append(rows, row{time.Duration(r.At), r.Latency, i%50 == 0})
	}
	twin, err := OfTrace(t.Context(), written(t, rows), simulate.Empirical)
	require.NoError(t, err)
	require.InDelta(t, 0.02, twin.Errors, 0.001)
	require.Zero(t, twin.Sheds)
}

// callers make calls in turns: so many of them, who think between calls.
func callers(n int, think, took func() time.Duration) (rows []row) {
	for k := range n {
		for now := time.Duration(k) * ms; now < 20*time.Second; {
			d := took()
			rows = append(rows, row{at: now, took: d})
			now += d + think()
		}
	}
	return rows
}

func TestAClosedLoopIsRefused(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	exp := func(mean time.Duration) func() time.Duration {
		return func() time.Duration { return time.Duration(random.ExpFloat64() * float64(mean)) }
	}
	none := func() time.Duration { return 0 }
	for name, rows := range map[string][]row{
		"at once":           callers(12, none, exp(50*ms)),
		"at once, steady":   callers(5, none, func() time.Duration { return 40*ms + exp(ms)() }),
		"after a pause":     callers(12, func() time.Duration { return 30 * time.Microsecond }, exp(50*ms)),
		"one":               callers(1, none, exp(10*ms)),
		"thinking":          callers(20, exp(100*ms), exp(100*ms)),
		"thinking a little": callers(10, exp(10*ms), exp(50*ms)),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := OfTrace(t.Context(), written(t, rows), simulate.Empirical)
			require.ErrorContains(t, err, "is a csv trace of a closed loop: ")
			require.ErrorContains(t, err, "a fit would lie. Record calls that come whatever becomes of others")
			t.Log(err)
		})
	}
}

func TestAnOpenLoopIsNotTakenForAClosedOne(t *testing.T) {
	raced.Spare(t)
	rapid.Check(t, func(t *rapid.T) {
		servers := rapid.IntRange(1, 30).Draw(t, "servers")
		use := rapid.Float64Range(0.2, 1.1).Draw(t, "utilisation")
		kind := rapid.SampledFrom([]simulate.DistributionKind{simulate.Const, simulate.Exp}).Draw(t, "kind")
		capacity := float64(servers) / 0.05
		d := simulate.Downstream{Servers: at(servers), Service: lasting(kind, 50*ms, 0), Queue: -1}
		tr := recorded(t, d, rapid.Uint64Range(1, 1000).Draw(t, "seed"), time.Duration(3000/capacity*float64(time.Second)), use*capacity)
		require.Empty(t, closed(tr))
	})
	// A metronome.
	random := rand.New(rand.NewPCG(1, 1))
	var rows []row
	for i := range 3000 {
		rows = append(rows, row{at: time.Duration(i) * 10 * ms, took: time.Duration((20 + 20*random.ExpFloat64()) * float64(ms))})
	}
	require.Empty(t, closed(written(t, rows)))
	// Calls that take no time, as far as a coarse clock tells.
	var now time.Duration
	rows = nil
	for range 3000 {
		rows = append(rows, row{at: now})
		now += time.Duration(random.ExpFloat64() * float64(10*ms))
	}
	require.Empty(t, closed(written(t, rows)))
}

func TestWhatATraceHasTooLittleOf(t *testing.T) {
	d := simulate.Downstream{Servers: at(8), Service: lasting(simulate.Exp, 40*ms, 0), Queue: -1}
	short := recorded(t, d, 1, 2*time.Second, 150)
	idle := recorded(t, d, 1, 100*time.Second, 30)
	for _, c := range []struct {
		trace *trace.Trace
		fault string
	}{
		{short, "is too short to fit: has 3"},
		{idle, "none ever waited, so what the target can do is not known"},
		{&trace.Trace{Format: trace.HLog}, "is a hlog trace, which has no arrivals"},
	} {
		_, err := OfTrace(t.Context(), c.trace, simulate.Empirical)
		require.ErrorContains(t, err, c.fault)
		require.ErrorContains(t, err, "record")
	}
}
