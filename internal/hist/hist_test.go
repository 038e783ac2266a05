package hist

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryValueLiesInItsBucket(t *testing.T) {
	for _, sub := range []uint{0, 4, 7} {
		last := -1
		for v := uint64(0); v < 1<<43; v += 1 + v/97 {
			i := Index(v, sub)
			low, high := Bounds(i, sub)
			require.True(t, low <= v && v < high, "%d in [%d, %d)", v, low, high)
			require.LessOrEqual(t, high-low, max(1, low>>sub))
			require.GreaterOrEqual(t, i, last)
			last = i
		}
	}
}

func TestBucketsLeaveNoGap(t *testing.T) {
	for i := range 1000 {
		_, high := Bounds(i, 4)
		low, _ := Bounds(i+1, 4)
		require.Equal(t, high, low)
	}
}

func TestQuantilesAndMeansAreWithinHalfABucket(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	c := New(1<<43, 4)
	var all []float64
	for range 20_000 {
		v := r.ExpFloat64() * 5e7
		all = append(all, math.Floor(v))
		c.Add(uint64(v), 1)
	}
	slices.Sort(all)
	for _, q := range []float64{0.01, 0.2, 0.5, 0.7, 0.99} {
		require.InEpsilon(t, all[int(q*float64(len(all)))], c.Quantile(q), 1.0/16)
	}
	var sum float64
	for _, v := range all[4000:14000] {
		sum += v
	}
	require.InEpsilon(t, sum/10_000, c.MeanBetween(0.2, 0.7), 0.01)
	require.Equal(t, uint64(20_000), c.N())
	require.InEpsilon(t, all[len(all)-1], c.Quantile(1), 1.0/16)
}

func TestEmptyHistogramAnswersZero(t *testing.T) {
	c := New(1<<20, 4)
	require.Zero(t, c.Quantile(0.5))
	require.Zero(t, c.MeanBetween(0, 1))
	require.Zero(t, c.Quantile(1))
}

func TestResetAndMerge(t *testing.T) {
	a, b := New(1<<30, 4), New(1<<30, 4)
	a.Add(1000, 2)
	b.Add(5000, 3)
	b.Add(1<<40, 1) // counts as the limit
	a.Merge(b)
	require.Equal(t, uint64(6), a.N())
	require.InEpsilon(t, 1<<30, a.Quantile(1), 1.0/16)
	a.Reset()
	require.Zero(t, a.N())
	require.Zero(t, a.Quantile(1))
	a.Add(7, 1)
	require.InDelta(t, 7.5, a.Quantile(0.5), 0.5)
}
