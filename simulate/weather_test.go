package simulate

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func at(s float64) int64 { return int64(s * float64(time.Second)) }

func weatherOf(d Downstream, faults ...Fault) *weather {
	if d.Service.Kind == "" {
		d.Service = Distribution{Kind: Const, Mean: 50 * time.Millisecond}
	}
	if d.Servers == nil {
		d.Servers = []Step{{Servers: 20}}
	}
	return newWeather(&Scenario{Downstream: d, Faults: faults})
}

func TestServersFollowStepsAndCapacityFaults(t *testing.T) {
	w := weatherOf(Downstream{Servers: []Step{{0, 20}, {80 * time.Second, 10}}},
		Fault{Kind: Capacity, Value: 0.26, At: 60 * time.Second, For: 40 * time.Second})
	for s, want := range map[float64]int{0: 20, 59.9: 20, 60: 5, 80: 3, 99.9: 3, 100: 10} {
		require.Equal(t, want, w.servers(at(s)), s)
	}
	var edges []float64
	for e := w.next(0); e != never; e = w.next(e) {
		edges = append(edges, time.Duration(e).Seconds())
	}
	require.Equal(t, []float64{60, 80, 100}, edges)
}

func TestSlowFactorsMultiplyRampAndDecay(t *testing.T) {
	w := weatherOf(Downstream{},
		Fault{Kind: Slow, Value: 3, Ramp: 100 * time.Second},
		Fault{Kind: Slow, Value: 5, At: 200 * time.Second, For: 10 * time.Second, Every: 50 * time.Second})
	for s, want := range map[float64]float64{0: 1, 50: 2, 100: 3, 199: 3, 200: 15, 209.9: 15, 210: 3, 250: 15, 261: 3} {
		require.InDelta(t, want, w.slow(at(s)), 1e-9, s)
	}
	cold := weatherOf(Downstream{}, Fault{Kind: Slow, Value: 5, Decay: 40 * time.Second})
	require.InDelta(t, 5, cold.slow(0), 1e-9)
	require.InDelta(t, 1+4/2.718281828, cold.slow(at(40)), 1e-6)
}

func TestWorkStandsStillDuringStalls(t *testing.T) {
	w := weatherOf(Downstream{}, Fault{Kind: Stall, At: 5 * time.Second, For: 200 * time.Millisecond, Every: 5 * time.Second})
	require.Equal(t, at(4.9), w.finish(at(4.8), at(0.1)), "ends before the stall")
	require.Equal(t, at(5), w.finish(at(4.9), at(0.1)), "ends as the stall begins")
	require.Equal(t, at(5.3), w.finish(at(4.9), at(0.2)), "half before, half after")
	require.Equal(t, at(5.4), w.finish(at(5.1), at(0.2)), "begins within")
	require.Equal(t, at(15.6), w.finish(at(4.9), at(10.1)), "three stalls on the way")
	forever := weatherOf(Downstream{}, Fault{Kind: Stall, At: time.Second})
	require.Equal(t, int64(never), forever.finish(at(0.9), at(0.2)))
}

func TestTheRightLimitCoversServersAndNetwork(t *testing.T) {
	require.InDelta(t, 20, weatherOf(Downstream{}).right(0), 1e-9)
	require.InDelta(t, 60, weatherOf(Downstream{Network: 100 * time.Millisecond}).right(0), 1e-9)
	slow := weatherOf(Downstream{Network: 100 * time.Millisecond}, Fault{Kind: Slow, Value: 2})
	require.InDelta(t, 40, slow.right(0), 1e-9)
	require.InDelta(t, 200, slow.capacity(0), 1e-9)
}

// The peak of n·(1 + 0.01(n−1) + 0.0004 n(n−1))^−1.4, found by looking.
func TestTheRightLimitOfContentionIsItsPeak(t *testing.T) {
	w := weatherOf(Downstream{Servers: []Step{{0, 5000}}, USL: USL{Sigma: 0.01, Kappa: 0.0004}})
	n := w.right(0)
	worth := func(n float64) float64 {
		capacity := n / w.down.USL.usl(int(n))
		rtt := w.down.USL.usl(int(n))
		return capacity / pow04(rtt)
	}
	require.Greater(t, worth(n), worth(n-1))
	require.Greater(t, worth(n), worth(n+1))
	require.InEpsilon(t, n/(w.down.USL.usl(int(n))*0.05), w.capacity(0), 1e-9)
}

func TestMostCapacityBoundsCapacity(t *testing.T) {
	w := weatherOf(Downstream{Servers: []Step{{0, 20}, {time.Minute, 30}}, Service: Distribution{Kind: Bimodal, Mean: 50 * time.Millisecond, Slow: 0.5, Times: 10, Shift: Shift{Slow: 0.1, At: time.Second, Over: time.Minute}}},
		Fault{Kind: Slow, Value: 0.5, At: 10 * time.Second, For: time.Minute}, Fault{Kind: Capacity, Value: 1.5, At: 65 * time.Second, For: time.Minute})
	for s := range 200 {
		require.LessOrEqual(t, w.capacity(at(float64(s))), w.mostCapacity(), s)
	}
}

func pow04(x float64) float64 { return math.Pow(x, 0.4) }
