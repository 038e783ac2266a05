package adaptive

// nested is how many functions of waiters may run at once. Each may end its permit
// at once and so come back to grant; with no bound a long queue of such functions
// would be a stack as deep.
const nested = 64

// grant admits waiters in turn while there is room. Whoever finds too many
// functions running leaves the rest to them: each looks again when it has
// returned, and counts itself out before it looks, so that a place freed before is
// seen.
func (l *Limiter) grant() {
	for l.handing.Load() < nested {
		if g := l.gate.load(); g&flagWaiting == 0 || g&flagBarred != 0 || !g.room(1) {
			return
		}
		mark := l.samples.mark.Load()
		w, g := l.next()
		if w == nil {
			return
		}
		if w.deadline != 0 && w.late(l.Now(), l.needed()) {
			// The wait took what the call would need.
			l.gate.release(w.weight)
			l.hand(w, Permit{}, l.reject(RejectDeadline))
			continue
		}
		p, _ := l.admit(g, mark, w.weight, false)
		l.hand(w, p, nil)
	}
}

// hand gives w its answer, with no lock held. If a function panics, the panic goes
// on, but its permit comes back and those behind it get theirs.
func (l *Limiter) hand(w *waiter, p Permit, err error) {
	if w.f == nil {
		w.tell(p, err)
		return
	}
	l.handing.Add(1)
	returned := false
	defer func() {
		l.handing.Add(-1)
		if !returned {
			l.grant()
		}
	}()
	if err != nil {
		w.f(p, err)
	} else {
		call(w.f, p)
	}
	returned = true
}

// call hands p to f and takes it back if f panics.
func call(f func(Permit, error), p Permit) {
	returned := false
	defer func() {
		if !returned {
			p.Release()
		}
	}()
	f(p, nil)
	returned = true
}

// pass admits a call past those waiters that are heavier than the limit: it is
// nobody's turn.
func (l *Limiter) pass(weight int) (g word, ok bool) {
	l.queueMu.Lock()
	defer l.queueMu.Unlock()
	for {
		g := l.gate.load()
		if g&flagBarred != 0 || !g.room(weight) || l.queue.first(g.limit()) != nil {
			return g, false
		}
		if l.gate.swap(g, g+places(weight)) {
			return g + places(weight), true
		}
	}
}

// next takes the waiter whose turn it is out of the queue if there is room for
// it, and returns the word that admitted it.
func (l *Limiter) next() (w *waiter, admitted word) {
	l.queueMu.Lock()
	defer l.queueMu.Unlock()
	for {
		g := l.gate.load()
		w := l.queue.first(g.limit())
		if w == nil || g&flagBarred != 0 || !g.room(w.weight) {
			return nil, 0
		}
		if l.gate.swap(g, g+places(w.weight)) {
			l.queue.remove(w)
			l.unflag()
			return w, g + places(w.weight)
		}
	}
}
