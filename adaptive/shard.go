package adaptive

import (
	"runtime"
	"sync/atomic"
)

// shard is one stripe of what calls report when they end, so that CPUs do not
// fight over one word. A reading (see tally) empties buckets, each by one swap, and
// finds by how much everything else has grown, so closing a window takes nothing away
// from the calls that end meanwhile.
//
// An ended call is counted by one add: in a bucket of its octave or in refused if
// it was timed, which says all that a law asks of it, otherwise in counted.
type shard struct {
	_       [64]byte
	octaves [octaves]atomic.Pointer[octave]
	_       [56]byte      // what is above is seldom written, and what follows begins a cache line
	news    atomic.Uint64 // a bit for each octave with a bucket that is empty no more
	untimed atomic.Uint64 // successes that were not timed and kept their place
	refused atomic.Uint64 // packed
	peak    atomic.Uint32 // most calls in flight at the start of a sample, this window

	counted  [Outcomes]atomic.Uint64 // every end but those of timed Success and Refused
	censored atomic.Uint64           // time-outs among the round trips
	twice    atomic.Uint64           // successes counted that were not the first end of their call
	stale    [Outcomes]atomic.Uint64 // ended, but admitted too early or too late to count

	turnedAway atomic.Uint64 // arrivals that were rejected with RejectLimit

	seen struct { // what the last reading found, guarded by control.mu
		refused, censored, twice uint64
		counted, stale           [Outcomes]uint64
	}
	_ [48]byte // to a whole number of cache lines
}

// octave is 16 neighbouring buckets of round trips, made when the first is
// used: most limiters see a few octaves of 41.
type octave struct {
	latency [1 << latencySub]atomic.Uint64 // packed
	low     [1 << latencySub]atomic.Uint64 // of them, calls started at low concurrency
}

// A packed word counts samples in its low 24 bits and adds up their calls in
// flight at the start above that: one add for both. Readings are exact as
// long as fewer than 2^24 lie between two of them, and calls that see the count
// pass a multiple of 2^20 have it read.
const (
	packBits = 24
	packMask = 1<<packBits - 1
	packRead = 1<<20 - 1
)

func pack(inFlight uint32) uint64 { return uint64(inFlight)<<packBits | 1 }

// newShards makes stripes for calls that end at once.
func newShards(n int) []shard {
	size := 1
	for size < min(n, 32) {
		size *= 2
	}
	return make([]shard, size)
}

// stripes is one in virtual time, where a single goroutine runs and the window
// must close at exactly the right call; otherwise four a CPU, so that goroutines
// that run at once seldom share one.
func stripes(c Clock) int {
	if c.Now != nil {
		return 1
	}
	return 4 * runtime.GOMAXPROCS(0)
}

// octave is the one of number n, made if need be.
func (sh *shard) octave(n int) *octave {
	if o := sh.octaves[n].Load(); o != nil {
		return o
	}
	sh.octaves[n].CompareAndSwap(nil, &octave{})
	return sh.octaves[n].Load()
}
