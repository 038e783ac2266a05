package adaptive

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// A cohort that is given up knows how many of its calls had not ended, and those are
// its slowest: without them the centre would be that of the quick ones.
func TestCallsThatHaveNotEndedAreTheSlowest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	trips := make([]float64, 1000)
	for i := range trips {
		trips[i] = 1e8 * r.ExpFloat64()
	}
	slices.Sort(trips)
	of := func(n int) *Histogram {
		h := newHistogram()
		for _, trip := range trips[:n] {
			h.c.Add(uint64(trip), 1)
		}
		return h
	}
	all := statisticOf(of(1000), 0)
	known := statisticOf(of(750), 250)
	require.InEpsilon(t, all.rtt, known.rtt, 0.01)
	require.Equal(t, 750, known.n)
	require.InEpsilon(t, all.v*1000/750, known.v, 0.03, "from fewer calls")
	require.Less(t, statisticOf(of(750), 0).rtt, 0.75*all.rtt)

	// Where hardly one has ended, no more is known than that the others take longer.
	few := statisticOf(of(100), 900)
	require.InEpsilon(t, trips[99], few.rtt, 0.07)
	require.Zero(t, statisticOf(newHistogram(), 10))
}
