package adaptive

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A restart goes on while the middle round trip is within 1.3 of the usual, and a
// standard error beyond: few round trips that are far apart do not end it by chance.
func TestARestartAllowsForChance(t *testing.T) {
	const usual = 100 * time.Millisecond
	for _, c := range []struct {
		name  string
		rtts  []time.Duration
		each  uint64
		limit float64
	}{
		{"a quarter longer", []time.Duration{125 * ms}, 100, 32},
		{"longer beyond doubt", []time.Duration{145 * ms}, 100, 16},
		{"longer, but few and apart", []time.Duration{60 * ms, 145 * ms, 300 * ms}, 2, 32},
		{"longer, apart, and many", []time.Duration{60 * ms, 145 * ms, 300 * ms}, 1000, 16},
	} {
		w := Window{Limit: 16, Min: 1, Max: 1000, Latency: newHistogram(), Low: newHistogram()}
		for _, rtt := range c.rtts {
			w.Latency.c.Add(uint64(rtt), c.each)
		}
		w.Count[Success] = w.Latency.Count()
		d := newRamp(64, int64(usual)).Update(w)
		require.Equal(t, c.limit, d.Limit, "%s: %v", c.name, d)
	}
}
