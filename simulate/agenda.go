package simulate

import "math"

// never is later than any instant of a run.
const never = math.MaxInt64

// kind is what happens at an event.
type kind uint8

// Events after a delay that is the same for every call: a ring keeps them in order.
const (
	patienceOver kind = iota // a call has waited Wait.Max for a permit
	timedOut                 // a caller's time-out is over
	reached                  // a call has crossed the network
	answered                 // an answer has crossed the network
	fastAnswered             // an error or a refusal has come back
	rings
)

// Events of which there is one at a time: a slot holds it.
const (
	tick      = rings + iota // a bin ends, or the downstream changes
	arrives                  // the next call of an open loop
	shareDone                // the first of the calls that share the servers is done
	heads
)

// The other events are in the heap.
const (
	served    = heads + iota // a server is done with a call
	retries                  // a backoff is over
	userCalls                // a user is done thinking
	kinds
)

var kindNames = [kinds]string{
	"waits ran out", "calls timed out", "calls reached the downstream", "answers came", "errors or refusals came",
	"the downstream changed", "calls arrived", "calls were served", "calls were served", "calls were retried", "users called",
}

// event is something that will happen. Its key is a sequence number above a kind,
// so that of two events at one instant the one planned first comes first.
type event struct {
	at       int64
	key      uint64
	ref, gen uint32 // the call it is about, and which use of its record
}

func (e event) kind() kind { return kind(e.key) }

func (e event) before(f event) bool { return e.at < f.at || e.at == f.at && e.key < f.key }

// agenda is all that will happen: a heap, a ring for each constant delay and a
// slot for each single event. Rings keep the many time-outs, most of which never
// come true, out of the heap.
type agenda struct {
	head [heads]event // of each ring and slot; at never if it is empty
	used []kind       // heads that were ever set: most runs need three of them
	ring [rings]ring
	heap heap
	seq  uint64
}

func newAgenda() *agenda {
	a := &agenda{}
	for i := range a.head {
		a.head[i].at = never
	}
	return a
}

func (a *agenda) event(at int64, k kind, ref, gen uint32) event {
	a.seq++
	return event{at: at, key: a.seq<<8 | uint64(k), ref: ref, gen: gen}
}

// after plans an event of a ring; the delay must be the same at every call.
func (a *agenda) after(at int64, k kind, ref, gen uint32) {
	e := a.event(at, k, ref, gen)
	if a.head[k].at == never {
		a.put(k, e)
		return
	}
	a.ring[k].push(e)
}

func (a *agenda) put(k kind, e event) {
	if a.head[k].key == 0 {
		a.used = append(a.used, k)
	}
	a.head[k] = e
}

// set plans the event of a slot in place of the one before.
func (a *agenda) set(at int64, k kind) { a.put(k, a.event(at, k, 0, 0)) }

// plan plans any other event.
func (a *agenda) plan(at int64, k kind, ref, gen uint32) { a.heap.push(a.event(at, k, ref, gen)) }

// next takes out the earliest event; its at is never if there is none.
func (a *agenda) next() event {
	best, from := &event{at: never}, heads
	for _, k := range a.used {
		if a.head[k].before(*best) {
			best, from = &a.head[k], k
		}
	}
	if len(a.heap) > 0 && a.heap[0].before(*best) {
		return a.heap.pop()
	}
	e := *best
	best.at = never
	if from < rings {
		if r := &a.ring[from]; r.n > 0 {
			*best = r.pop()
		}
	}
	return e
}

// heap is a binary heap of events by value. A hole moves instead of swapping.
type heap []event

func (h *heap) push(e event) {
	s := append(*h, e)
	*h = s
	i := len(s) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !e.before(s[up]) {
			break
		}
		s[i] = s[up]
		i = up
	}
	s[i] = e
}

func (h *heap) pop() event {
	s := *h
	top := s[0]
	n := len(s) - 1
	e := s[n]
	s = s[:n]
	*h = s
	if n == 0 {
		return top
	}
	i := 0
	for {
		down := 2*i + 1
		if down >= n {
			break
		}
		if right := down + 1; right < n && s[right].before(s[down]) {
			down = right
		}
		if !s[down].before(e) {
			break
		}
		s[i] = s[down]
		i = down
	}
	s[i] = e
	return top
}

// ring is a queue of events in a circular buffer.
type ring struct {
	buf  []event // its length is a power of two
	from int
	n    int
}

func (r *ring) push(e event) {
	if r.n == len(r.buf) {
		r.grow()
	}
	r.buf[(r.from+r.n)&(len(r.buf)-1)] = e
	r.n++
}

func (r *ring) pop() event {
	e := r.buf[r.from]
	r.from = (r.from + 1) & (len(r.buf) - 1)
	r.n--
	return e
}

func (r *ring) grow() {
	buf := make([]event, max(64, 2*len(r.buf)))
	for i := range r.n {
		buf[i] = r.buf[(r.from+i)&(len(r.buf)-1)]
	}
	r.buf, r.from = buf, 0
}
