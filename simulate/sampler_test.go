package simulate

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDistributionsHaveTheirMeanAndVariance(t *testing.T) {
	const n = 400_000
	for _, d := range append([]Distribution{{Kind: Const}, {Kind: Exp}}, laws...) {
		d.Mean = time.Millisecond
		s := newSampler(d)
		rnd := newStream(7, "test", 0).sequence()
		var sum, squares float64
		for range n {
			x := s.at(0, rnd) / float64(d.Mean)
			sum += x
			squares += x * x
		}
		mean := sum / n
		require.InDelta(t, 1, mean, 0.012, "%v", d)
		require.InDelta(t, variability(d), squares/n-mean*mean, 0.03*(1+variability(d)), "%v", d)
	}
}

func TestParetoHasItsTailAndIsCut(t *testing.T) {
	s := newSampler(Distribution{Kind: Pareto, Mean: time.Millisecond, Shape: 1.5})
	rnd := newStream(7, "test", 0).sequence()
	over, least, most := 0, 1.0, 0.0
	for range 1_000_000 {
		x := s.at(0, rnd) / float64(time.Millisecond)
		least, most = min(least, x), max(most, x)
		if x > 10 {
			over++
		}
	}
	require.InDelta(t, 1.0/3, least, 1e-5) // mean·(α−1)/α
	require.InEpsilon(t, 1e6*math.Pow(10*3, -1.5), float64(over), 0.03)
	require.LessOrEqual(t, most, 1000.0)
}

func TestBimodalShiftMovesTheShareOfSlowCalls(t *testing.T) {
	d := Distribution{Kind: Bimodal, Mean: 15200 * time.Microsecond, Slow: 0.1, Times: 10, Shift: Shift{Slow: 0.6, At: time.Minute, Over: time.Minute}}
	s := newSampler(d)
	for at, mean := range map[time.Duration]float64{0: 15.2, time.Minute: 15.2, 90 * time.Second: 33.2, 2 * time.Minute: 51.2, time.Hour: 51.2} {
		require.InDelta(t, mean, s.meanAt(int64(at))/1e6, 1e-6, at)
		rnd := newStream(7, "test", 0).sequence()
		var sum float64
		for range 100_000 {
			sum += s.at(int64(at), rnd)
		}
		require.InEpsilon(t, mean, sum/1e5/1e6, 0.02, at)
	}
}

func TestBimodalSpreadsEachPartByAFifth(t *testing.T) {
	s := newSampler(Distribution{Kind: Bimodal, Mean: 190, Slow: 0.1, Times: 10}) // fast 100, slow 1000
	rnd := newStream(7, "test", 0).sequence()
	low, high := map[bool]float64{}, map[bool]float64{}
	for range 100_000 {
		x := s.at(0, rnd)
		slow := x > 500
		if low[slow] == 0 || x < low[slow] {
			low[slow] = x
		}
		high[slow] = max(high[slow], x)
	}
	require.InDelta(t, 80, low[false], 0.1)
	require.InDelta(t, 120, high[false], 0.1)
	require.InDelta(t, 800, low[true], 1)
	require.InDelta(t, 1200, high[true], 1)
}

func TestEmpiricalDrawsItsValuesOnly(t *testing.T) {
	d := Distribution{Kind: Empirical, Values: []time.Duration{1, 2, 3}}
	s := newSampler(d)
	rnd := newStream(7, "test", 0).sequence()
	count := map[float64]int{}
	for range 3000 {
		count[s.at(0, rnd)]++
	}
	require.Len(t, count, 3)
	for _, n := range count {
		require.InDelta(t, 1000, n, 150)
	}
	require.Equal(t, 2.0, s.meanAt(0))
}

func TestStreamsHaveNothingToDoWithEachOther(t *testing.T) {
	draw := func(seed uint64, name string, replica uint64) uint64 {
		return newStream(seed, name, replica).sequence().Uint64()
	}
	seen := map[uint64]bool{}
	for _, x := range []uint64{draw(1, "a", 0), draw(2, "a", 0), draw(1, "b", 0), draw(1, "a", 1), draw(0, "a", 0)} {
		require.False(t, seen[x])
		seen[x] = true
	}
	require.Equal(t, draw(1, "a", 0), draw(1, "a", 0))
}

// Neighbours in a stream of single positions must look independent: their uniform
// draws are correlated by no more than chance.
func TestNeighbouringPositionsAreIndependent(t *testing.T) {
	const n = 200_000
	d, s := newDice(), newStream(1, "service", 0)
	at := func(id uint64, try uint32) float64 { return d.at(s, id, try).Float64() - 0.5 }
	var ids, tries, mean float64
	for id := range uint64(n) {
		x := at(id, 0)
		ids += x * at(id+1, 0)
		tries += x * at(id, 1)
		mean += x
	}
	sigma := math.Sqrt(n) / 12
	require.Less(t, math.Abs(ids), 4*sigma)
	require.Less(t, math.Abs(tries), 4*sigma)
	require.Less(t, math.Abs(mean), 4*math.Sqrt(n/12.0))
}
