package adaptive

// waiter is a call that waits for a permit: a goroutine behind ready, or a
// function f. Fields are guarded by Limiter.queueMu.
type waiter struct {
	next, prev *waiter
	queued     bool
	f          func(Permit, error)
	ready      chan answer // of capacity one; nil with f
}

// newWaiter is a waiter for a goroutine. Waiters are not pooled: a channel made in
// one bubble of testing/synctest must not come up in another.
func newWaiter() *waiter { return &waiter{ready: make(chan answer, 1)} }

// answer is what a waiter waits for.
type answer struct {
	p   Permit
	err error
}

// queue is the waiters, first come first served: an intrusive list, so that a
// cancelled waiter is taken out at once, wherever it is.
type queue struct {
	head, tail *waiter
	n          int
}

func (q *queue) push(w *waiter) {
	w.queued, w.prev, w.next = true, q.tail, nil
	if q.tail == nil {
		q.head = w
	} else {
		q.tail.next = w
	}
	q.tail = w
	q.n++
}

func (q *queue) remove(w *waiter) {
	if w.prev == nil {
		q.head = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		q.tail = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.queued, w.prev, w.next = false, nil, nil
	q.n--
}

// pop takes out the first waiter; nil if there is none.
func (q *queue) pop() *waiter {
	w := q.head
	if w != nil {
		q.remove(w)
	}
	return w
}
