package adaptive

import (
	"context"
	"time"
)

// wait is the slow half of Acquire: no place was free.
func (l *Limiter) wait(ctx context.Context, c Call) (Permit, error) {
	if l.config.Load().Observe {
		w := newWaiter(c)
		if d, has := ctx.Deadline(); has {
			w.hurry(l.Now().Add(untilDeadline(d)))
		}
		mark := l.samples.mark.Load()
		if g, ok := l.overrule(c.Weight, true, w.deadline); ok {
			p, _ := l.admit(g, mark, c.Weight, false)
			return p, nil
		}
	}
	if l.config.Load().Queue < 0 {
		return Permit{}, l.turnAway()
	}
	l.noteBlocked()
	w := newWaiter(c)
	w.ready = make(chan struct{}, 1)
	if d, has := ctx.Deadline(); has {
		w.hurry(l.Now().Add(untilDeadline(d)))
	}
	p, out, queued, err := l.join(w)
	if !queued {
		return p, err
	}
	returned := false
	defer func() {
		// The function of another waiter panicked here: this one's permit goes back.
		if !returned && !l.withdraw(w) {
			<-w.ready
			if w.answer.err == nil {
				w.answer.p.unsent()
			}
		}
	}()
	l.joined(out)
	p, err = l.await(ctx, w)
	returned = true
	return p, err
}

// await waits for the answer to w, which is in the queue.
func (l *Limiter) await(ctx context.Context, w *waiter) (_ Permit, err error) {
	done, maxWait := ctx.Done(), l.config.Load().MaxWait
	if done == nil && maxWait == 0 { // cheaper than a select
		<-w.ready
		return w.answer.p, w.answer.err
	}
	var patience <-chan time.Time
	if maxWait > 0 {
		fired, stop := after(maxWait)
		defer stop()
		patience = fired
	}
	select {
	case <-w.ready:
		a := w.answer
		if a.err == nil && ctx.Err() != nil {
			// Granted and cancelled at once: the next in line has more use for it.
			a.p.unsent()
			return Permit{}, context.Cause(ctx)
		}
		return a.p, a.err
	case <-done:
		err = context.Cause(ctx)
	case <-patience:
		err = l.rejection[RejectQueueTimeout]
	}
	if !l.withdraw(w) {
		<-w.ready
		if w.answer.err != nil {
			return Permit{}, w.answer.err // counted as rejected already
		}
		w.answer.p.unsent()
	}
	if err == error(l.rejection[RejectQueueTimeout]) {
		l.rejected[RejectQueueTimeout].Add(1)
	}
	return Permit{}, err
}

// hurry makes t the deadline of w if it is earlier.
func (w *waiter) hurry(t Instant) {
	if t == 0 {
		t-- // 0 is none
	}
	if w.deadline == 0 || t < w.deadline {
		w.deadline = t
	}
}

// typical is the round trip of late; 0 if unknown.
func (l *Limiter) typical() time.Duration { return time.Duration(l.samples.typical.Load()) }

// needed is how much time a call should have left when it is sent: in a queue in
// front of an overloaded downstream the next call is always one with hardly more
// than that, so it must do for all but few.
func (l *Limiter) needed() time.Duration { return time.Duration(l.samples.enough.Load()) }

// expected is how much time w should have left if it joins the queue under limit
// now: a place frees every typical/limit.
func (l *Limiter) expected(w *waiter, limit int) time.Duration {
	return l.needed() + l.typical()*time.Duration(l.queue.ahead(w)+w.weight)/time.Duration(limit)
}

// late reports whether at now less than left remains for w, which has a deadline.
func (w *waiter) late(now Instant, left time.Duration) bool {
	return w.deadline.Sub(now) < left
}

// join puts w in the queue unless it is admitted or rejected now. If it is
// queued the caller calls joined with out.
func (l *Limiter) join(w *waiter) (p Permit, out *waiter, queued bool, err error) {
	mark := l.samples.mark.Load()
	now := Instant(0)
	if w.deadline != 0 {
		now = l.Now()
	}
	g, out, err := l.enqueue(w, now)
	if g != 0 {
		p, _ = l.admit(g, mark, w.weight, false)
	}
	return p, out, g == 0 && err == nil, err
}

// joined does what follows when a waiter has joined the queue: out, if any, had to
// go for it, and it may be the newcomer's turn at once, for it need not be the last.
func (l *Limiter) joined(out *waiter) {
	defer l.grant()
	if out != nil {
		out.tell(Permit{}, l.reject(RejectQueueFull))
	}
}

// enqueue puts w in the queue, unless it is rejected or admitted now; then it
// returns the word that admitted it. If the queue was full, out had to go for it.
func (l *Limiter) enqueue(w *waiter, now Instant) (admitted word, out *waiter, err error) {
	l.queueMu.Lock()
	defer l.queueMu.Unlock()
	for {
		g := l.gate.load()
		switch {
		case g&flagBarred != 0:
			return 0, nil, l.rejectBy(l.barred.Load())
		case g.room(w.weight) && (g&flagWaiting == 0 || l.queue.first(g.limit()) == nil):
			if l.gate.swap(g, g+places(w.weight)) {
				return g + places(w.weight), nil, nil
			}
		case g&flagKept != 0:
			l.tighten()
		case w.deadline != 0 && w.late(now, l.expected(w, g.limit())):
			return 0, nil, l.reject(RejectDeadline)
		case g&flagWaiting == 0 && !l.gate.swap(g, g|flagWaiting):
		default:
			if l.queue.n >= l.config.Load().Queue {
				if out = l.queue.last(); out.turn <= l.queue.turn(w) {
					return 0, nil, l.reject(RejectQueueFull)
				}
				l.queue.remove(out)
			}
			l.queue.push(w)
			return 0, out, nil
		}
	}
}

// withdraw takes w out of the queue and reports whether it was still there.
func (l *Limiter) withdraw(w *waiter) bool {
	if !l.unqueue(w) {
		return false
	}
	l.grant() // those behind it may be lighter
	return true
}

func (l *Limiter) unqueue(w *waiter) bool {
	l.queueMu.Lock()
	defer l.queueMu.Unlock()
	if !w.queued {
		return false
	}
	l.queue.remove(w)
	l.unflag()
	return true
}

// unflag opens the gate to newcomers once nobody waits. queueMu is held.
func (l *Limiter) unflag() {
	if l.queue.n == 0 {
		l.gate.clear(flagWaiting)
	}
}
