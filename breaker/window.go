package breaker

import (
	"sync/atomic"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

const slices = 10

// window counts results of the recent past, by slices of time. Counting takes no
// lock and allocates nothing.
//
// A slice is a turn of the ring and a count in one word, so that whoever comes
// first in a new turn drops the old count and starts the new one in one
// compare-and-swap. A goroutine that was held up between its look and its add may
// count a result one turn late; nothing is ever lost or counted twice.
type window struct {
	length uint64 // of a slice, ns
	good   [slices]slice
	bad    [slices]slice
	slow   [slices]slice // of good and bad
	limit  [slices]slice // highest limit seen as a slice began
}

// slice is 63 … 40 turn · 39 … 0 count.
type slice struct{ atomic.Uint64 }

const (
	turnShift = 40
	turnMask  = 1<<(64-turnShift) - 1
	countMask = 1<<turnShift - 1
)

// spot is a slice of the ring in one of its turns.
type spot struct {
	index int
	turn  uint64
}

func newWindow(d time.Duration) window { return window{length: uint64(d) / slices} }

// number counts slices since instant 0; it wraps if the clock goes below that.
func (w *window) number(at adaptive.Instant) uint64 { return uint64(at) / w.length }

func place(number uint64) spot {
	return spot{int(number % slices), number / slices & turnMask}
}

// add counts one result in the slice of instant at, and reports whether it was
// the first there.
func (w *window) add(results *[slices]slice, at adaptive.Instant) (first bool) {
	p := place(w.number(at))
	s := &results[p.index]
	for {
		old := s.Load()
		if old>>turnShift == p.turn && old != 0 {
			s.Add(1)
			return false
		}
		if s.CompareAndSwap(old, p.turn<<turnShift|1) {
			return true
		}
	}
}

// note remembers that n was the limit at instant at.
func (w *window) note(at adaptive.Instant, n int) {
	p := place(w.number(at))
	s := &w.limit[p.index]
	for {
		old := s.Load()
		if old>>turnShift == p.turn && old&countMask >= uint64(n) {
			return
		}
		if s.CompareAndSwap(old, p.turn<<turnShift|uint64(n)) {
			return
		}
	}
}

// counts returns the results that still count at instant now.
func (w *window) counts(now adaptive.Instant) (good, bad, slow uint64) {
	for _, p := range w.recent(now) {
		good += w.good[p.index].in(p.turn)
		bad += w.bad[p.index].in(p.turn)
		slow += w.slow[p.index].in(p.turn)
	}
	return good, bad, slow
}

// highest returns the highest limit noted in the window.
func (w *window) highest(now adaptive.Instant) int {
	var n uint64
	for _, p := range w.recent(now) {
		n = max(n, w.limit[p.index].in(p.turn))
	}
	return int(n)
}

func (w *window) recent(now adaptive.Instant) (spots [slices]spot) {
	number := w.number(now)
	for i := range spots {
		spots[i] = place(number - uint64(i))
	}
	return spots
}

// in is the count of s if it is of the given turn.
func (s *slice) in(turn uint64) uint64 {
	if word := s.Load(); word>>turnShift == turn {
		return word & countMask
	}
	return 0
}
