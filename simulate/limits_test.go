package simulate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/internal/raced"
)

func TestCallsBeyondAHardLimitAreRefusedOrSwallowed(t *testing.T) {
	res := func(order Order, then Excess) *Result {
		return lone(t, func(sc *Scenario) {
			sc.Downstream.Order, sc.Downstream.HardLimit = order, HardLimit{InFlight: 2, Then: then}
			sc.Timeout = 300 * ms
		}, "none", 0, 1, 2, 101)
	}
	for _, order := range []Order{FIFO, PS} {
		for _, then := range []Excess{"", Refuse} {
			require.EqualValues(t, 3, res(order, then).Served, order)
			require.EqualValues(t, 1, res(order, then).Refused, "one in service, one waits, the third is too many")
		}
		require.EqualValues(t, 3, res(order, Swallow).Served, "what is swallowed takes no place: that of 101 ms is served")
		require.EqualValues(t, 1, res(order, Swallow).Late)
		require.Zero(t, res(order, Swallow).Refused)
	}
}

func TestCallsBeyondARateLimitAreRefusedOrSwallowed(t *testing.T) {
	res := func(then Excess) *Result {
		return lone(t, func(sc *Scenario) {
			sc.Downstream.RateLimit = RateLimit{Rate: 10, Burst: 1, Then: then}
			sc.Timeout = 70 * ms
		}, "none", 0, 20, 130)
	}
	require.Equal(t, []uint64{2, 1, 0}, []uint64{res(Refuse).Served, res(Refuse).Refused, res(Refuse).Late})
	require.Equal(t, []uint64{2, 0, 1}, []uint64{res(Swallow).Served, res(Swallow).Refused, res(Swallow).Late})
}

func TestAHardLimitBoundsWhatIsRight(t *testing.T) {
	near, far := Downstream{}, Downstream{Network: 100 * ms}
	for _, c := range []struct {
		name            string
		rate            float64
		inFlight        int
		near, far, most float64
	}{
		{"neither", 0, 0, 20, 60, 400},
		{"hard", 0, 5, 5, 15, 100},
		{"hard, but higher than the servers", 0, 60, 20, 60, 400},
		{"rate, which is not of the servers", 100, 0, 20, 60, 400},
	} {
		for want, d := range map[float64]Downstream{c.near: near, c.far: far} {
			d.HardLimit.InFlight, d.RateLimit.Rate = c.inFlight, c.rate
			w := weatherOf(d)
			require.InDelta(t, want, w.right(0), 1e-9, c.name)
			require.InDelta(t, c.most, w.capacity(0), 1e-9, c.name)
			require.GreaterOrEqual(t, w.mostCapacity(), w.capacity(0), c.name)
		}
	}
}

func TestAHardLimitBoundsWhatIsRightWithContention(t *testing.T) {
	d := Downstream{Servers: []Step{{0, 5000}}, USL: USL{Sigma: 0.01, Kappa: 0.0004}}
	free := weatherOf(d).right(0)
	d.HardLimit.InFlight = int(free) / 2
	require.InDelta(t, float64(d.HardLimit.InFlight), weatherOf(d).right(0), 1e-9)
}

func TestLatencyFollowsItsFormula(t *testing.T) {
	l := LatencyModel{Base: 50 * ms, Noise: 0.2, Slope: ms, Knee: 40, Growth: 0.05}
	at := func(n int, x float64) time.Duration { return time.Duration(l.time(n, x)).Round(10 * time.Microsecond) }
	require.Equal(t, 50*ms, at(1, 0))
	require.Equal(t, 70*ms, at(1, 2), "50 + 0.2 × 2 × 50")
	require.Equal(t, 99*ms, at(40, 1), "60 + 39")
	require.Equal(t, 102500*time.Microsecond, at(41, 1), "60 + 40 + 50 × 0.05")
	require.Equal(t, 140440*time.Microsecond, at(50, 1), "60 + 49 + 50 × (1.05^10 − 1)")
}

// Each call takes the time that fits how many were there as it came.
func TestCallsInALatencyModelDoNotWait(t *testing.T) {
	res := lone(t, func(sc *Scenario) {
		sc.Downstream = Downstream{Latency: LatencyModel{Base: 50 * ms, Slope: 10 * ms}, Network: 20 * ms}
	}, "none", 0, 1, 2, 300)
	require.EqualValues(t, 4, res.Served)
	require.InDelta(t, 0.090, res.Latency.Max, 1e-9)
	require.InDelta(t, (0.070+0.080+0.090+0.070)/4, res.Latency.Mean, 1e-9)
	require.Zero(t, res.Queue.Max)
}

func TestNoiseIsExponential(t *testing.T) {
	sc := simple(100, 1, 100*time.Second)
	sc.Downstream = Downstream{Latency: LatencyModel{Base: 50 * ms, Noise: 0.5}, HardLimit: HardLimit{InFlight: 1000}}
	res := play(t, sc, "none")
	require.InEpsilon(t, 0.075, res.Latency.Mean, 0.01)
	require.InEpsilon(t, 0.050+0.025*0.6931, res.Latency.P50, 0.01)
	require.InEpsilon(t, 0.050+0.025*4.6052, res.Latency.P99, 0.03)
}

// What is right is found by looking at every number.
func TestTheRightLimitOfALatencyModelIsItsPeak(t *testing.T) {
	for name, c := range map[string]struct {
		d    Downstream
		want float64 // 0 if no rule of thumb tells
	}{
		"steep knee":       {Downstream{Latency: LatencyModel{Base: 50 * ms, Knee: 40, Growth: 0.05}}, 40},
		"gentle knee":      {Downstream{Latency: LatencyModel{Base: 50 * ms, Knee: 40, Growth: 0.01}}, 0},
		"noise and knee":   {Downstream{Latency: LatencyModel{Base: 50 * ms, Noise: 1, Knee: 40, Growth: 0.05}}, 40},
		"slope":            {Downstream{Latency: LatencyModel{Base: 50 * ms, Slope: ms}}, 0},
		"all":              {Downstream{Latency: LatencyModel{Base: 50 * ms, Noise: 0.2, Slope: ms, Knee: 40, Growth: 0.05}}, 40},
		"hard limit":       {Downstream{Latency: LatencyModel{Base: 50 * ms}, HardLimit: HardLimit{InFlight: 60}}, 60},
		"before the knee":  {Downstream{Latency: LatencyModel{Base: 50 * ms, Knee: 40, Growth: 0.05}, HardLimit: HardLimit{InFlight: 10}}, 10},
		"rate limit":       {Downstream{Latency: LatencyModel{Base: 50 * ms}, RateLimit: RateLimit{Rate: 400}}, 20},
		"more than enough": {Downstream{Latency: LatencyModel{Base: 50 * ms, Slope: 60 * ms}}, 1},
	} {
		w := weatherOf(c.d)
		got := w.right(0)
		if c.want > 0 {
			require.InDelta(t, c.want, got, 1e-9, name)
		}
		worth := func(n int) float64 {
			time := c.d.Latency.time(n, 1)
			return min(float64(n)/time, c.d.RateLimit.perNano()) / pow04(time)
		}
		for n := 1; n <= c.d.HardLimit.cap(5000); n++ {
			require.GreaterOrEqual(t, worth(int(got))*(1+1e-12), worth(n), "%s: %d", name, n)
		}
		require.GreaterOrEqual(t, w.mostCapacity()*(1+1e-12), w.capacity(0), name)
	}
	l := LatencyModel{Base: 50 * ms, Knee: 40, Growth: 0.05}
	far := weatherOf(Downstream{Latency: l, Network: 100 * ms}, Fault{Kind: Slow, Value: 2})
	require.InDelta(t, 80, far.right(0), 1e-9, "40 there, 40 on the way")
	require.InDelta(t, 400, far.capacity(0), 1e-9)
}

// A law finds the knee: the reason for the model.
func TestALawFindsTheKnee(t *testing.T) {
	raced.Spare(t)
	sc := simple(0, 1, 30*time.Second)
	sc.Load = []Phase{{Arrivals: Poisson, Rate: Rate{2, true}}}
	sc.Timeout = 2 * time.Second
	sc.Downstream = Downstream{Latency: LatencyModel{Base: 50 * ms, Noise: 0.2, Knee: 40, Growth: 0.05}}
	got := compare(t, sc, "none", "fixed:1x", "knee")
	require.Less(t, got["none"].Score, 0.1)
	require.Greater(t, got["fixed:1x"].Score, 0.95)
	require.Greater(t, got["knee"].Score, 0.8)
	require.InDelta(t, 40*got["oracle"].Oracle, got["oracle"].Limit.Mean, 1)
}
