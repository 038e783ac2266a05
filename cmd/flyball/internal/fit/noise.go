package fit

import (
	"math"

	"github.com/flyball-go/flyball/cmd/flyball/load"
)

// significant is how many times the squares that chance explains have to be there.
// Of three or four of them, as steps allow for, chance makes as many in one of
// twenty runs.
const significant = 2.5

// noiseOf is how far apart, as standard deviations of logarithms, goodput, p50 and
// p99 are from one calm rate to the next, beyond what so few calls explain. What
// rises evenly with the rate does not count. It is the machine's, or the
// network's: nobody waits at these rates.
func noiseOf(rates [][]load.Step, t *Twin) (noise [3]float64) {
	var logs, chance [3][]float64
	for _, at := range rates {
		if !passed(at) || at[0].Rate > t.Capacity/2 {
			continue
		}
		var seen Seen
		for i := range at {
			seen.add(measured(&at[i]), len(at))
		}
		spread := spreadOf(at)
		for k, v := range []float64{seen.Goodput / at[0].Rate, float64(seen.P50), float64(seen.P99)} {
			logs[k], chance[k] = append(logs[k], math.Log(v)), append(chance[k], spread[k]*spread[k])
		}
	}
	for k := range noise {
		n := len(logs[k])
		if n < 3 {
			continue
		}
		bends, expected := 0.0, 0.0
		for i := 1; i+1 < n; i++ {
			bend := logs[k][i+1] - 2*logs[k][i] + logs[k][i-1]
			bends += bend * bend
			expected += chance[k][i+1] + 4*chance[k][i] + chance[k][i-1]
		}
		if bends > significant*expected {
			noise[k] = math.Sqrt((bends - expected) / 6 / float64(n-2))
		}
	}
	return noise
}
