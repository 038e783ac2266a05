package adaptivehttp

import (
	"context"
	"sync"
	"time"
)

// infancy is how long a body is open at least, and at most twice that, until its
// context is watched. Few are open for so long, and a watch costs more than all else
// that is done for a request: it takes a lock and two allocations, and the lock is one
// of the context, which may be that of many requests, and net/http's at the same moment.
const infancy = 10 * time.Millisecond

// A nursery holds the open bodies whose contexts are not watched yet, oldest first. It
// has no goroutine, and a timer only while it has bodies.
type nursery struct {
	mu          sync.Mutex
	first, last *body
	ticks       uint64
	ticking     bool
}

// add takes b in.
func (n *nursery) add(b *body) {
	b.nursery = n
	n.mu.Lock()
	defer n.mu.Unlock()
	b.born, b.listed, b.prev = n.ticks, true, n.last
	if n.last == nil {
		n.first = b
	} else {
		n.last.next = b
	}
	n.last = b
	if !n.ticking {
		n.ticking = true
		time.AfterFunc(infancy, n.tick)
	}
}

// remove takes b out. mu is held.
func (n *nursery) remove(b *body) {
	if b.prev == nil {
		n.first = b.next
	} else {
		b.prev.next = b.next
	}
	if b.next == nil {
		n.last = b.prev
	} else {
		b.next.prev = b.prev
	}
	b.prev, b.next, b.listed = nil, nil, false
}

// tick has those watched that were here at the last tick already.
func (n *nursery) tick() {
	n.mu.Lock()
	n.ticks++
	n.mu.Unlock()
	for b := n.outgrown(); b != nil; b = n.outgrown() {
		b.watch() // without mu: the context may be the user's
	}
}

// outgrown takes out a body that is to be watched. When there is none, it sets the
// timer for those that stay.
func (n *nursery) outgrown() *body {
	n.mu.Lock()
	defer n.mu.Unlock()
	if b := n.first; b != nil && b.born+1 < n.ticks {
		n.remove(b)
		return b
	}
	if n.ticking = n.first != nil; n.ticking {
		time.AfterFunc(infancy, n.tick)
	}
	return nil
}

// watch ends the call of b when its context ends.
func (b *body) watch() {
	unwatch := context.AfterFunc(b.req.Context(), b.expire)
	b.nursery.mu.Lock()
	b.unwatch = unwatch
	b.nursery.mu.Unlock()
	if b.ended.Load() { // perhaps before there was an unwatch
		unwatch()
	}
}

// leave undoes add and watch for b, which has ended: a long-lived context would keep
// every body that it ever saw.
func (b *body) leave() {
	n := b.nursery
	if n == nil {
		return
	}
	n.mu.Lock()
	unwatch := b.unwatch
	if b.listed {
		n.remove(b)
	}
	n.mu.Unlock()
	if unwatch != nil {
		unwatch()
	}
}
