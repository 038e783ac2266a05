package adaptive

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// riser is the default law in start-up under a limit of 100, with a baseline of 100 ms.
func riser() *knee {
	k := &knee{}
	k.begun, k.starting, k.grew = 2, true, 1
	k.base.rtt, k.base.v, k.base.n, k.base.at = float64(100*ms), 1e-6, 1000, 6
	k.base.last = time.Unix(1, 0)
	return k
}

// measuredWindow is a window of n round trips about rtt that met so many in flight.
func measuredWindow(rtt time.Duration, n int, inFlight float64) Window {
	w := Window{Limit: 100, Min: 1, Max: 1000, Latency: newHistogram(), Low: newHistogram(), Blocked: 1,
		Closed: Instant(time.Second), Wall: time.Unix(2, 0), MeanInFlight: inFlight, PeakInFlight: 100, InFlight: 100}
	w.Count[Success] = n
	for i := range n {
		w.Latency.c.Add(uint64(float64(rtt)*(0.55+(float64(i)+0.5)/float64(n))), 1)
	}
	return w
}

func TestStartUpForgivesOneWindowAndThenConcedesNoNoise(t *testing.T) {
	for _, c := range []struct {
		name    string
		held    bool
		rtt     time.Duration
		doubles bool
		reason  string
	}{
		{"quiet", false, 115 * ms, true, "starting up"},
		{"noise", false, 125 * ms, true, "starting up"},
		{"noise after a window against it", true, 125 * ms, false, "start-up is over: round trips rose"},
		{"quiet after a window against it", true, 115 * ms, true, "starting up"},
		{"a window against it", false, 150 * ms, false, "starting up, round trips rose once"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := riser()
			k.held = c.held
			d := k.Update(measuredWindow(c.rtt, 50, 100))
			require.Equal(t, c.reason, d.Reason)
			require.Equal(t, c.doubles, d.Limit == 200)
		})
	}
}

// Who ends now began a round trip ago, with what was in flight then.
func TestStartUpWaitsForCallsInFlightWhereRoundTripsRise(t *testing.T) {
	k := riser()
	d := k.Update(measuredWindow(110*ms, 500, 60))
	require.Equal(t, "starting up, round trips rise before calls in flight reach the limit", d.Reason)
	require.Equal(t, 100.0, d.Limit)
	require.Greater(t, d.Value, d.Bound)
	require.InDelta(t, 1, d.Bound, 0.06, "two standard errors")
	require.Equal(t, 200.0, riser().Update(measuredWindow(110*ms, 500, 80)).Limit, "they have reached it")
	require.Equal(t, 200.0, riser().Update(measuredWindow(100*ms, 500, 60)).Limit, "round trips did not rise")
	hasty := riser()
	hasty.without = patience
	require.Equal(t, 200.0, hasty.Update(measuredWindow(110*ms, 500, 60)).Limit)
}

func TestAShortWindowOfACrowdThatGrowsTellsNoBaseline(t *testing.T) {
	s := statistic{rtt: float64(100 * ms), n: 100}
	at := func(closed, length time.Duration, inFlight int) *Window {
		return &Window{Opened: Instant(closed - length), Closed: Instant(closed), InFlight: inFlight}
	}
	var c crowd
	require.False(t, c.early(at(100*ms, 100*ms, 100), s), "nothing to compare with")
	require.True(t, c.early(at(200*ms, 100*ms, 200), s))
	require.InDelta(t, math.Ln2, c.grew, 1e-9)
	require.False(t, c.early(at(400*ms, 200*ms, 200), s), "two round trips long")
	require.True(t, c.early(at(450*ms, 50*ms, 200), s), "slow ones have still not come round")
	require.False(t, c.early(at(1200*ms, 100*ms, 200), s), "they have")
	require.False(t, c.early(at(1300*ms, 100*ms, 20), s))
	require.Zero(t, c.grew, "fewer are no crowd")
}
