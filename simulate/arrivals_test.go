package simulate

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stampsOf returns all arrivals, in seconds.
func stampsOf(t *testing.T, seed uint64, duration time.Duration, phases ...Phase) []float64 {
	t.Helper()
	sc := simple(1, 20, duration)
	sc.Seed, sc.Load = seed, phases
	require.NoError(t, sc.Validate())
	a := newArrivals(sc, newWeather(sc))
	var out []float64
	for x := a.next(); x != never; x = a.next() {
		out = append(out, time.Duration(x).Seconds())
	}
	require.IsNonDecreasing(t, out)
	require.Less(t, out[len(out)-1], duration.Seconds())
	return out
}

func between(stamps []float64, from, to float64) int {
	n := 0
	for _, s := range stamps {
		if s >= from && s < to {
			n++
		}
	}
	return n
}

func TestPoissonArrivalsHaveTheirRateAndScatter(t *testing.T) {
	s := stampsOf(t, 1, 1000*time.Second, Phase{Arrivals: Poisson, Rate: Rate{Value: 100}})
	require.InDelta(t, 100_000, len(s), 4*math.Sqrt(1e5))
	var squares float64
	for second := range 1000 {
		n := float64(between(s[:min(len(s), (second+2)*110)], float64(second), float64(second+1)))
		squares += (n - 100) * (n - 100) / 1000
	}
	require.InDelta(t, 100, squares, 20, "variance of counts")
}

func TestConstantArrivalsAreEven(t *testing.T) {
	s := stampsOf(t, 1, 10*time.Second, Phase{Arrivals: Constant, Rate: Rate{Value: 1000}})
	require.Len(t, s, 9999)
	for i, x := range s {
		require.InDelta(t, float64(i+1)/1000, x, 2e-9)
	}
}

func TestPhasesFollowEachOther(t *testing.T) {
	s := stampsOf(t, 1, 300*time.Second,
		Phase{Arrivals: Poisson, Rate: Rate{Value: 100}, For: 100 * time.Second},
		Phase{Arrivals: Constant, Rate: Rate{Value: 1000}, For: 100 * time.Second},
		Phase{Arrivals: Poisson, Rate: Rate{Value: 10}})
	require.InDelta(t, 10_000, between(s, 0, 100), 400)
	require.InDelta(t, 100_000, between(s, 100, 200), 1)
	require.InDelta(t, 1000, between(s, 200, 300), 120)
}

func TestRampAndSineFollowTheirCurves(t *testing.T) {
	ramp := stampsOf(t, 1, 100*time.Second, Phase{Arrivals: Ramp, Rate: Rate{Value: 0}, To: Rate{Value: 1000}})
	require.InDelta(t, 12_500, between(ramp, 0, 50), 500)
	require.InDelta(t, 37_500, between(ramp, 50, 100), 800)
	sine := stampsOf(t, 1, 600*time.Second, Phase{Arrivals: Sine, Rate: Rate{Value: 300}, Amplitude: 190, Period: time.Minute})
	up, down := 0, 0
	for m := range 10 {
		up += between(sine, float64(m*60), float64(m*60+30))
		down += between(sine, float64(m*60+30), float64(m*60+60))
	}
	require.InEpsilon(t, 300*(300+190*2/math.Pi), float64(up), 0.02)
	require.InEpsilon(t, 300*(300-190*2/math.Pi), float64(down), 0.02)
}

func TestBurstsSpendHalfOfTheTimeHigh(t *testing.T) {
	s := stampsOf(t, 1, 4000*time.Second, Phase{Arrivals: MMPP, Rate: Rate{Value: 100}, High: 3, Low: 0, Hold: time.Second})
	require.InEpsilon(t, 4000*150, float64(len(s)), 0.05)
	quiet := 0
	for i := 1; i < len(s); i++ {
		if s[i]-s[i-1] > 0.1 { // e^−30 by chance
			quiet++
		}
	}
	require.InEpsilon(t, 2000*math.Exp(-0.1), float64(quiet), 0.1, "low times of over 100 ms")
}

func TestLoadOfCapacityFollowsTheDownstream(t *testing.T) {
	sc := simple(1, 20, 200*time.Second)
	sc.Load = []Phase{{Arrivals: Poisson, Rate: Rate{Value: 1.5, OfCapacity: true}}}
	sc.Faults = []Fault{{Kind: Slow, Value: 5, At: 100 * time.Second}}
	a := newArrivals(sc, newWeather(sc))
	var n [2]int
	for x := a.next(); x != never; x = a.next() {
		n[x/at(100)]++
	}
	require.InEpsilon(t, 60_000, n[0], 0.02)
	require.InEpsilon(t, 12_000, n[1], 0.04)
}

func TestReplayedStampsAreKept(t *testing.T) {
	s := stampsOf(t, 1, 10*time.Second,
		Phase{Arrivals: Constant, Rate: Rate{Value: 1}, For: 2500 * time.Millisecond},
		Phase{Arrivals: Replay, Stamps: []time.Duration{0, time.Second, time.Second, time.Hour}})
	require.Equal(t, []float64{1, 2, 2.5, 3.5, 3.5}, s)
}

func TestAPhaseDoesNotShiftTheDrawsOfAnother(t *testing.T) {
	tail := Phase{Arrivals: MMPP, Rate: Rate{Value: 50}, High: 2, Low: 0.5, Hold: time.Second}
	a := stampsOf(t, 1, 20*time.Second, Phase{Arrivals: Poisson, Rate: Rate{Value: 10}, For: 10 * time.Second}, tail)
	b := stampsOf(t, 1, 20*time.Second, Phase{Arrivals: Constant, Rate: Rate{Value: 99}, For: 10 * time.Second}, tail)
	require.Equal(t, a[between(a, 0, 10):], b[between(b, 0, 10):])
}

func TestAScheduleIsItsSteps(t *testing.T) {
	sc := simple(1, 20, 60*time.Second)
	sc.Load = []Phase{
		{Arrivals: Schedule, Steps: []RateStep{{0, Rate{}}, {2 * time.Second, Rate{Value: 50}}}, For: 10 * time.Second},
		{Arrivals: Schedule, Steps: []RateStep{{0, Rate{Value: 100}}, {10 * time.Second, Rate{Value: 2000}}, {20 * time.Second, Rate{}}, {30 * time.Second, Rate{0.5, true}}}},
	}
	require.NoError(t, sc.Validate())
	a := newArrivals(sc, newWeather(sc))
	require.InEpsilon(t, 400+1000+20_000+4000, a.steps(), 0.001)
	var in [6]float64
	last := int64(0)
	for at := a.next(); at != never; at = a.next() {
		require.GreaterOrEqual(t, at, last)
		in[at/int64(10*time.Second)]++
		last = at
	}
	require.InEpsilon(t, 400, in[0], 0.15)
	require.InEpsilon(t, 1000, in[1], 0.1)
	require.InEpsilon(t, 20_000, in[2], 0.03)
	require.Zero(t, in[3])
	require.InEpsilon(t, 2000, in[4], 0.08, "half of 20 servers at 50 ms")
	require.InEpsilon(t, 2000, in[5], 0.08)
}
