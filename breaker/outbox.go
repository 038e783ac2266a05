package breaker

// notice is a change of state whose consequences are yet to come.
type notice struct {
	Change
	tell func() // tells the limiter
}

// enter makes ph the phase in force. Breaker.mu is held; the caller calls
// deliver once it is free.
func (b *Breaker) enter(ph *phase, tell func()) {
	old := b.phase.Load()
	b.outbox = append(b.outbox, notice{Change{old.state, ph.state, ph.since, ph.why}, tell})
	b.phase.Store(ph)
	if old.tap != nil {
		old.tap.Tell() // who ends now is late
	}
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
	n := b.outbox[0]
	b.outbox = b.outbox[1:]
	b.delivering = true
	b.mu.Unlock()

	defer b.deliver() // what is left, also after a panic
	defer func() {
		b.mu.Lock()
		b.delivering = false
		b.mu.Unlock()
	}()
	if b.onChange != nil && n.From != n.To {
		defer b.onChange(n.Change) // also if a flushed call panics
	}
	n.tell()
}
