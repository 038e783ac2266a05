package adaptive

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// slot makes the end of a permit happen once. Its word is odd while a permit
// holds it and only ever grows, by compare-and-swap: claim w → w+1, end w+1 →
// w+2. So a pair of slot and odd word names one admission for good, the end of
// a pair succeeds at most once, and a stale copy of the permit meets another
// word. No clean-up, no free list, no allocation.
type slot struct {
	word atomic.Uint64
	lim  *Limiter
}

// slots is a table of slots at least twice as big as the calls in flight, so
// that a claim seldom looks at more than two. A place is counted in the gate
// before its slot is claimed and given back after the slot is freed: slots held
// never exceed calls in flight, and a free one always exists.
type slots struct {
	table atomic.Pointer[[]slot]
	grow  sync.Mutex
}

const firstSlots = 16

// claim takes a slot for one of inFlight calls. Seed only spreads the claims.
func (s *slots) claim(l *Limiter, inFlight int, seed uint64) (*slot, uint64) {
	t := s.table.Load()
	if t == nil || len(*t) < 2*inFlight {
		t = s.grown(l, inFlight)
	}
	mask := uint64(len(*t) - 1)
	i := spread(seed)
	for {
		c := &(*t)[i>>32&mask]
		if w := c.word.Load(); w&1 == 0 && c.word.CompareAndSwap(w, w+1) {
			return c, w + 1
		}
		i = spread(i)
	}
}

// grown returns a table that is big enough. Permits keep the slots of the one
// before it alive.
func (s *slots) grown(l *Limiter, inFlight int) *[]slot {
	s.grow.Lock()
	defer s.grow.Unlock()
	t := s.table.Load()
	size := firstSlots
	if t != nil {
		if len(*t) >= 2*inFlight {
			return t
		}
		size = len(*t)
	}
	for size < 4*inFlight { // room for as many again before the next time
		size *= 2
	}
	next := make([]slot, size)
	for i := range next {
		next[i].lim = l
	}
	s.table.Store(&next)
	return &next
}

// spread is one step of a multiplicative generator; its upper half is well mixed.
func spread(x uint64) uint64 { return x*0x9E3779B97F4A7C15 + 0xD1B54A32D192ED03 }

// goroutineHint differs between goroutines that run at the same time, because
// their stacks do, and costs nothing to read.
func goroutineHint() uint64 {
	var b byte
	return uint64(uintptr(unsafe.Pointer(&b)) >> 10)
}
