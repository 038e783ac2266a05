package breaker

// change is a change of state whose consequences are yet to come.
type change struct {
	from, to State
	tell     func() // tells the limiter
}

// enter makes ph the phase in force. Breaker.mu is held; the caller calls
// deliver once it is free.
func (b *Breaker) enter(ph *phase, tell func()) {
	b.outbox = append(b.outbox, change{b.phase.Load().state, ph.state, tell})
	b.phase.Store(ph)
}

// deliver tells the limiter and OnStateChange of what has changed, oldest first.
// Both may call back in: the limiter flushes calls that wait, whose functions are
// the user's. So one goroutine delivers at a time and with no lock held; others,
// and calls from inside, leave theirs to it.
func (b *Breaker) deliver() {
	b.mu.Lock()
	if b.delivering || len(b.outbox) == 0 {
		b.mu.Unlock()
		return
	}
	ch := b.outbox[0]
	b.outbox = b.outbox[1:]
	b.delivering = true
	b.mu.Unlock()

	defer b.deliver() // what is left, also after a panic
	defer func() {
		b.mu.Lock()
		b.delivering = false
		b.mu.Unlock()
	}()
	if b.onChange != nil {
		defer b.onChange(ch.from, ch.to) // also if a flushed call panics
	}
	ch.tell()
}
