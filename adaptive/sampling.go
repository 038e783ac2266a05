package adaptive

import (
	"math/bits"
	"time"
)

// Reading the clock twice is most of what an admission costs. Where so many calls
// end that a window has samples to spare, one in 2^k is timed; the others are
// counted by their outcome, exactly, but add no round trip. How many, is set at the end
// of a window from the rate of late.
const (
	timedRate = 1 << 14          // a second, up to which every call is timed: a window of 100 in 6 ms
	maxShift  = 6                // beyond one in 64 the clock is 2 % of a call, and a calm after a storm is noticed too late
	rateOver  = time.Millisecond // the least time to take a rate over: a window may be a burst
)

// drawn reports whether the call that holds s under word is timed, if one in 2^k
// is. The draw is a hash of the admission: no pattern of load can follow it. It is by
// the slot's number and not by its address, so that it is the same in every run
// where the claims are.
func (s *slot) drawn(word uint64, k uint) bool { return mixed(word^s.seed)&(1<<k-1) == 0 }

// mixed is a hash all of whose bits depend on all of x.
func mixed(x uint64) uint64 {
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9 // the finalizer of SplitMix64
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

// shift is k for a fixed one in n calls.
func shift(n int) uint { return uint(max(bits.Len(uint(n))-1, 0)) }

// pace is since when, and since how many calls, the rate at which they end is taken.
type pace struct {
	since Instant
	ended uint64
}

// shift returns k if there has been time enough to tell, otherwise the present k. Ended
// is how many calls ever did, whether in a window or between two.
func (p *pace) shift(ended uint64, now Instant, present uint) uint {
	length := now.Sub(p.since)
	if length < rateOver {
		return present
	}
	k := shiftFor(ended-p.ended, length)
	*p = pace{now, ended}
	return k
}

// shiftFor is k where calls ended within length.
func shiftFor(calls uint64, length time.Duration) (k uint) {
	rate := float64(calls) / length.Seconds()
	for k < maxShift && rate > timedRate {
		rate /= 2
		k++
	}
	return k
}

// newWindow begins a window number, in which one call in 2^k is timed.
func (s *samples) newWindow(k uint) (number uint32) {
	number = uint32(s.mark.Load()>>markWindow) + 1
	s.mark.Store(uint64(number)<<markWindow | uint64(k))
	s.parted.Store(0)
	return number
}
