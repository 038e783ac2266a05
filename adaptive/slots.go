package adaptive

import (
	"sync"
	"sync/atomic"

	"github.com/flyball-go/flyball/internal/stripe"
)

// slot makes the end of a permit happen once. Its word only ever grows, by
// compare-and-swap, and its low two bits tell where it stands:
//
//	free --claim, +1--> held --end, +3--> free
//	                    held --end, +1--> settling --+2--> free
//
// So a pair of slot and held word names one admission for good (2^62 of them),
// the end of a pair succeeds at most once, and a stale copy of the permit meets
// another word. No clean-up, no free list, no allocation.
//
// via and weight belong to whoever holds the slot, and few calls need them. They are
// written while it is held, by whoever has the permit, and read and cleared
// while it is settling, by whoever ended it; the word's operations order the two, and
// the next claim after them. tap stays from call to call, as it is mostly the same;
// whose it is the tag of a permit tells.
//
// A slot is as long as a cache line, but a table of them begins 8 bytes into one, for the
// collector has a word there: what is last is on the line of the next slot.
type slot struct {
	word   atomic.Uint64
	lim    *Limiter
	shard  *shard // where ends of its calls are counted
	seed   uint64 // of its draws, see drawn
	tap    atomic.Pointer[Tap]
	weight int32
	stripe uint32  // the shard's number
	via    Settler // last, see above
}

const (
	slotHeld     = 1
	slotSettling = 2
	slotState    = 3
	slotNext     = 4 // between one state and the same of the next admission
)

// slots is a table of slots at least twice as big as the calls in flight, so
// that a claim seldom looks at more than two. A place is counted in the gate
// before its slot is claimed and given back after the slot is freed: slots held
// never exceed calls in flight, and a free one always exists.
type slots struct {
	table atomic.Pointer[[]slot]
	_     [64]byte      // what follows is written at times
	tries atomic.Uint64 // claims that met two held slots
	grow  sync.Mutex
}

const firstSlots = 16

// search takes a free slot of t. It goes on from i, where the first was held. That
// one depends on the goroutine, so that it finds the slot that it has just
// freed, in a cache near by. A goroutine that holds many permits would meet the same slots each
// time, and find most of them held; so from the third on they depend on how
// often that has happened.
func (s *slots) search(t []slot, i uint64) (*slot, uint64) {
	for n := 0; ; n++ {
		if n == 1 {
			i ^= s.tries.Add(1) << 32
		}
		i = stripe.Spread(i)
		c := &t[i>>32&uint64(len(t)-1)]
		if w := c.word.Load(); w&slotState == 0 && c.word.CompareAndSwap(w, w+slotHeld) {
			return c, w + slotHeld
		}
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
	l.own(next)
	s.table.Store(&next)
	return &next
}

// own makes t slots of l.
func (l *Limiter) own(t []slot) {
	for i := range t {
		t[i].lim, t[i].seed = l, mixed(uint64(i))
		n := i % len(l.samples.shards)
		t[i].shard, t[i].stripe = &l.samples.shards[n], uint32(n)
	}
}
