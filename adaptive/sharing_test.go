package adaptive

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFairBeginsOnceItHasMeasuredWithTheOthers(t *testing.T) {
	d := newDriver(t, "fair")
	f := d.c.(*fair)
	for f.base.sharing.probes == 0 {
		require.LessOrEqual(t, d.limit, 6.0, d.last.Reason)
		require.Less(t, d.now, Instant(10*time.Second))
		d.window()
	}
	grid := f.base.sharing.grid
	require.Less(t, int64(d.now)%grid, grid/4, "the probe began on a line of the grid")
	require.Equal(t, 6.0, d.limit)
	d.windows(2)
	require.Equal(t, 24.0, d.limit, "20 servers, and no queue to be seen")
	require.Equal(t, "starting up", d.last.Reason)
}

// A probe by oneself, of a client that came late: the others' queue stays, so that the
// round trip is the same.
func TestAProbeByOneselfIsBelievedOnlyIfItIsLower(t *testing.T) {
	probed := func(rtt time.Duration, line int64) *baseline {
		b := &baseline{rtt: float64(50 * ms), v: 1e-6, line: line, sharing: sharing{on: true}}
		b.probe(4, statistic{rtt: float64(75 * ms)}, 4, 6, false)
		w := &Window{Latency: newHistogram()}
		w.Latency.c.Add(uint64(rtt), 24)
		b.probed(w, statisticOf(w.Latency, 0), false)
		return b
	}
	require.EqualValues(t, 50*ms, probed(75*ms, 0).rtt)
	require.InEpsilon(t, 25*ms, probed(25*ms, 0).rtt, 0.04)
	require.Zero(t, probed(25*ms, 0).sharing.probes)
	require.InEpsilon(t, 75*ms, probed(75*ms, 1).rtt, 0.04, "all probe")
	require.InEpsilon(t, 52*ms, probed(52*ms, 1).rtt, 0.02, "the first of all takes the place of what was known")
	require.Equal(t, 1, probed(75*ms, 1).sharing.probes)
}

func TestGridOfAFleetIsNotMovedByNoise(t *testing.T) {
	var s sharing
	require.EqualValues(t, 4, s.pitch(4))
	require.EqualValues(t, 8, s.pitch(8))
	for range 20 {
		require.EqualValues(t, 8, s.pitch(4))
	}
	require.EqualValues(t, 8, s.pitch(8))
	for range 30 {
		require.EqualValues(t, 8, s.pitch(4), "it asked for more in between")
	}
	require.EqualValues(t, 4, s.pitch(4))
}

func TestProbesOfAFleetMakeAQuarterOfTheTime(t *testing.T) {
	s := sharing{on: true}
	require.Equal(t, 8.0, s.rounds(4))
	require.Equal(t, 12.0, s.rounds(24))
	require.True(t, s.first())
	require.False(t, s.first())
	require.Equal(t, 16.0, s.rounds(4))
	require.Equal(t, 24.0, s.rounds(24))
}
