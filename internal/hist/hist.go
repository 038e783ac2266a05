// Package hist counts durations in log-linear buckets: each octave is cut into
// 2^bits buckets of equal width, so that a bucket is never wider than 2^−bits of
// its lower bound and anything read back is within half of that.
package hist

import "math/bits"

// Index is the bucket of v, with 2^sub buckets an octave. Values below 2^(sub+1)
// have a bucket each.
func Index(v uint64, sub uint) int {
	if n := uint(bits.Len64(v)); n > sub+1 {
		shift := n - sub - 1
		return int(shift<<sub) + int(v>>shift)
	}
	return int(v)
}

// Bounds are the lowest value of bucket i and the lowest one above it.
func Bounds(i int, sub uint) (low, high uint64) {
	if i < 2<<sub {
		return uint64(i), uint64(i) + 1
	}
	shift := uint(i>>sub) - 1
	low = (uint64(i) - uint64(shift)<<sub) << shift
	return low, low + 1<<shift
}

// Len is the number of buckets that values up to limit need.
func Len(limit uint64, sub uint) int { return Index(limit, sub) + 1 }
