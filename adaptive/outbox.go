package adaptive

import "sync"

// outbox hands decisions to Parts.OnDecision in order and one at a time, with no
// lock held. Whoever decides delivers, and also what others decide meanwhile, so
// that a callback which is slow or blocks keeps one caller, whose place is free by
// then, and nobody else.
type outbox struct {
	mu      sync.Mutex
	busy    bool
	waiting []Decision
	dropped uint64 // decisions that were lost because the callback was behind
	panics  uint64
}

// outboxSize is how many decisions may wait for a callback; the oldest go.
const outboxSize = 64

// tell delivers d, unless somebody is at it and will.
func (l *Limiter) tell(d Decision) {
	if l.onDecision == nil {
		return
	}
	o := &l.outbox
	o.mu.Lock()
	if o.busy {
		if len(o.waiting) == outboxSize {
			o.waiting = o.waiting[:copy(o.waiting, o.waiting[1:])]
			o.dropped++
		}
		o.waiting = append(o.waiting, d)
		o.mu.Unlock()
		return
	}
	o.busy = true
	o.mu.Unlock()
	for more := true; more; {
		l.callback(d)
		d, more = o.next()
	}
}

// next is the decision to deliver next; if there is none, nobody delivers any more.
func (o *outbox) next() (d Decision, more bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.waiting) == 0 {
		o.busy = false
		return d, false
	}
	d = o.waiting[0]
	o.waiting = o.waiting[:copy(o.waiting, o.waiting[1:])]
	return d, true
}

// callback calls OnDecision. A panic is counted and goes no further: the call that
// happened to end the window has nothing to do with it. A Goexit ends the
// goroutine, and delivery with it until the next decision.
func (l *Limiter) callback(d Decision) {
	returned := false
	defer func() {
		o := &l.outbox
		if r := recover(); r != nil {
			o.mu.Lock()
			o.panics++
			o.mu.Unlock()
		} else if !returned {
			o.mu.Lock()
			o.busy = false
			o.mu.Unlock()
		}
	}()
	l.onDecision(d)
	returned = true
}
