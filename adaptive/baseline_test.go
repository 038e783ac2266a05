package adaptive

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestADeeperProbeRaisesNoBaseline(t *testing.T) {
	probed := func(rtt time.Duration, deeper bool) time.Duration {
		b := baseline{rtt: float64(50 * ms), v: 1e-6, limit: 4, load: 4}
		w := &Window{Latency: newHistogram()}
		w.Latency.c.Add(uint64(rtt), 24)
		_, _ = b.probed(w, statisticOf(w.Latency, 0), deeper)
		return time.Duration(b.rtt)
	}
	require.InEpsilon(t, 75*ms, probed(75*ms, false), 0.04, "a slower downstream")
	require.Equal(t, 50*ms, probed(75*ms, true), "whoever goes deeper meets the queue of those who do not")
	require.InEpsilon(t, 25*ms, probed(25*ms, true), 0.04)
}
