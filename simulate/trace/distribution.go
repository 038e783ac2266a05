package trace

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"sort"
	"time"
)

// A Distribution is of latencies. The zero Distribution is empty.
type Distribution struct {
	Values []time.Duration // distinct and rising
	UpTo   []int64         // how many are Values[i] or less
}

// Count is the number of latencies.
func (d Distribution) Count() int64 {
	if len(d.UpTo) == 0 {
		return 0
	}
	return d.UpTo[len(d.UpTo)-1]
}

// Quantile is the lowest latency that a share q of all did not exceed (nearest
// rank, nothing interpolated); q below 0 counts as 0, above 1 as 1. An empty
// Distribution has 0. With a uniform random q it draws from the Distribution.
func (d Distribution) Quantile(q float64) time.Duration {
	n := d.Count()
	if n == 0 {
		return 0
	}
	r := min(max(q, 0), 1) * float64(n)
	rank := math.Round(r) // 0.07 × 100 is a little above 7, and means 7
	if math.Abs(r-rank) > 1e-9*rank {
		rank = math.Ceil(r)
	}
	k := n
	if rank < float64(n) { // which may be rounded up to 2⁶³
		k = max(int64(rank), 1)
	}
	return d.Values[sort.Search(len(d.UpTo)-1, func(i int) bool { return d.UpTo[i] >= k })]
}

// Mean is the mean latency, 0 if there is none.
func (d Distribution) Mean() time.Duration {
	n := d.Count()
	if n == 0 {
		return 0
	}
	var sum float64
	var below int64
	for i, v := range d.Values {
		sum += float64(v) * float64(d.UpTo[i]-below)
		below = d.UpTo[i]
	}
	return time.Duration(sum / float64(n))
}

// distributionOf sorts values in place.
func distributionOf(values []time.Duration) Distribution {
	slices.Sort(values)
	var d Distribution
	for i, v := range values {
		if n := len(d.Values); n == 0 || d.Values[n-1] != v {
			d.Values = append(d.Values, v)
			d.UpTo = append(d.UpTo, 0)
		}
		d.UpTo[len(d.UpTo)-1] = int64(i) + 1
	}
	return d
}

func distributionOfCounts(counts map[time.Duration]int64) Distribution {
	var d Distribution
	d.Values = slices.SortedFunc(maps.Keys(counts), cmp.Compare[time.Duration])
	d.UpTo = make([]int64, len(d.Values))
	var n int64
	for i, v := range d.Values {
		n += counts[v]
		d.UpTo[i] = n
	}
	return d
}
