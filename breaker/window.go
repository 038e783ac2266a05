package breaker

import (
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/flyball-go/flyball/adaptive"
)

const slices = 10

// window counts results of the recent past, by slices of time. Counting takes no
// lock and allocates nothing. Successes, of which there are many, are counted in
// stripes, so that CPUs do not fight over one word.
//
// A slice is a turn of the ring and a count in one word, so that whoever comes
// first in a new turn drops the old count and starts the new one in one
// compare-and-swap. A goroutine that was held up between its look and its add may
// count a result one turn late; nothing is ever lost or counted twice.
type window struct {
	length  uint64 // of a slice, ns
	last    atomic.Uint64
	stripes []stripe
	bad     ring
	slow    ring // of good and bad
	limit   ring // highest limit seen as a slice began
}

type (
	ring   [slices]slice
	stripe struct {
		good ring
		_    [48]byte // two cache lines in all
	}

	// slice is 63 … 40 turn · 39 … 0 count.
	slice struct{ atomic.Uint64 }
)

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

func newWindow(d time.Duration, stripes int) *window {
	return &window{length: uint64(d) / slices, stripes: make([]stripe, stripes)}
}

// stripesFor is one in virtual time, where a single goroutine runs, and otherwise
// one a CPU, to a power of two.
func stripesFor(real bool) int {
	n := 1
	for real && n < min(runtime.GOMAXPROCS(0), 16) {
		n *= 2
	}
	return n
}

// number counts slices since instant 0; it wraps if the clock goes below that. It
// is remembered, because dividing costs more than all else here.
func (w *window) number(at adaptive.Instant) uint64 {
	n := w.last.Load()
	if uint64(at)-n*w.length < w.length {
		return n
	}
	n = uint64(at) / w.length
	w.last.Store(n)
	return n
}

func place(number uint64) spot {
	return spot{int(number % slices), number / slices & turnMask}
}

// good is the ring in which this goroutine counts successes: those that run at the
// same time have stacks far apart.
func (w *window) good() *ring {
	if len(w.stripes) == 1 {
		return &w.stripes[0].good
	}
	var b byte
	hint := uint64(uintptr(unsafe.Pointer(&b))>>10) * 0x9E3779B97F4A7C15
	return &w.stripes[hint>>32&uint64(len(w.stripes)-1)].good
}

// add counts one result in the slice of instant at, and reports whether it was
// the first there.
func (w *window) add(r *ring, at adaptive.Instant) (first bool) {
	p := place(w.number(at))
	s := &r[p.index]
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
		for i := range w.stripes {
			good += w.stripes[i].good[p.index].in(p.turn)
		}
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
