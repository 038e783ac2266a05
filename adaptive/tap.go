package adaptive

import (
	"math"
	"sync/atomic"
)

// A Tap tells a guard of its calls for less than a [Settler] on each: the
// successes that the guard has said it can wait for are only counted, all other
// ends are told at once. Make it with [Limiter.NewTap], put it on permits with
// [Permit.Tap]. Its methods are safe for concurrent use.
//
// Most calls succeed, and a guard that only counts them need not be called for it.
type Tap struct {
	settler Settler
	until   atomic.Int64 // a success is counted if it ends before this
	counts  []tapCount
}

// tapCount is one stripe of a count, on a cache line of its own.
type tapCount struct {
	n atomic.Uint64
	_ [56]byte
}

// NewTap returns a Tap for calls of l that tells s of every end.
func (l *Limiter) NewTap(s Settler) *Tap {
	t := &Tap{settler: s, counts: make([]tapCount, len(l.samples.shards))}
	t.Tell()
	return t
}

// Spare says that successes which end before until need only be counted. What ends
// at this moment may go by what was said before.
func (t *Tap) Spare(until Instant) { t.until.Store(int64(until)) }

// Tell says that every end is to be told.
func (t *Tap) Tell() { t.until.Store(math.MinInt64) }

// Counted is how many successes were counted and not told.
func (t *Tap) Counted() (n uint64) {
	for i := range t.counts {
		n += t.counts[i].n.Load()
	}
	return n
}

// count counts a success if its guard need not hear of it.
func (t *Tap) count(stripe uint32, at Instant) bool {
	if int64(at) >= t.until.Load() {
		return false
	}
	t.counts[stripe].n.Add(1)
	return true
}

// Settle implements [Settler], for permits that tell others too.
func (t *Tap) Settle(e End) {
	if e.Outcome != Success || !t.count(0, e.At) {
		t.settler.Settle(e)
	}
}
