package adaptive

// waiter is a call that waits for a permit: a goroutine behind ready, or a
// function f. Fields are guarded by Limiter.queueMu once it is in the queue.
type waiter struct {
	next, prev *waiter
	queued     bool
	weight     int
	level      int     // its priority, from 0
	turn       int     // who has less goes first
	deadline   Instant // 0 means none
	f          func(Permit, error)
	answer     answer        // written before ready
	ready      chan struct{} // of capacity one; nil with f
}

// newWaiter is a waiter for a call like c. Waiters are not pooled: a channel made
// in one bubble of testing/synctest must not come up in another.
func newWaiter(c Call) *waiter {
	return &waiter{weight: c.Weight, level: c.Priority - lowestPriority, deadline: c.Deadline}
}

// answer is what a waiter waits for.
type answer struct {
	p   Permit
	err error
}

// tell gives w its answer. It runs user code if w is a function.
func (w *waiter) tell(p Permit, err error) {
	if w.f != nil {
		w.f(p, err)
	} else {
		w.answer = answer{p, err}
		w.ready <- struct{}{}
	}
}

// queue is the waiters: a list for each priority, first come first served, and
// between them whoever has the lowest turn. That is the number of calls that
// joined before it, less ageing for each level of its priority; it never
// changes, so nothing is sorted and nobody's age is looked at.
type queue struct {
	levels [priorities]list
	n      int
	joined int // calls that were ever in it
}

// list is an intrusive one, so that a cancelled waiter is taken out at once,
// wherever it is.
type list struct {
	head, tail *waiter
	weight     int // of all in it
}

// turn is the turn of a waiter that joins now.
func (q *queue) turn(w *waiter) int { return q.joined - ageing*w.level }

func (q *queue) push(w *waiter) {
	w.turn = q.turn(w)
	q.joined++
	l := &q.levels[w.level]
	w.queued, w.prev, w.next = true, l.tail, nil
	if l.tail == nil {
		l.head = w
	} else {
		l.tail.next = w
	}
	l.tail = w
	l.weight += w.weight
	q.n++
}

func (q *queue) remove(w *waiter) {
	l := &q.levels[w.level]
	if w.prev == nil {
		l.head = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		l.tail = w.prev
	} else {
		w.next.prev = w.prev
	}
	l.weight -= w.weight
	w.queued, w.prev, w.next = false, nil, nil
	q.n--
}

// first is the waiter whose turn it is under limit; nil if there is none. It
// blocks all behind it until its weight is free, so that light calls do not
// starve a heavy one. One that is heavier than the limit itself is passed over:
// it may be so for good.
func (q *queue) first(limit int) (w *waiter) {
	for i := priorities - 1; i >= 0; i-- {
		c := q.levels[i].head
		for c != nil && c.weight > limit {
			c = c.next
		}
		if c != nil && (w == nil || c.turn < w.turn) {
			w = c
		}
	}
	return w
}

// last is the waiter whose turn comes last; nil if there is none.
func (q *queue) last() (w *waiter) {
	for i := range q.levels {
		if c := q.levels[i].tail; c != nil && (w == nil || c.turn > w.turn) {
			w = c
		}
	}
	return w
}

// ahead is the weight of those of w's priority and above; those below whom age
// has put ahead of it are left out.
func (q *queue) ahead(w *waiter) (weight int) {
	for i := w.level; i < priorities; i++ {
		weight += q.levels[i].weight
	}
	return weight
}
