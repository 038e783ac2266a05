package adaptive

import (
	"context"
	"errors"
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

// newBar is the bar for err, counted under the reason that err gives.
func newBar(err error) *bar {
	b := &bar{err: err, reason: RejectBreakerOpen}
	var own *RejectedError
	if errors.As(err, &own) && int(own.Reason) < RejectReasons {
		b.reason = own.Reason
	}
	return b
}

// bar admits nobody from now on and returns who was in the queue, to be flushed
// once no lock is held.
func (l *Limiter) bar(who int, b *bar) (out []*waiter) {
	l.queueMu.Lock()
	defer l.queueMu.Unlock()
	return l.putUp(who, b)
}

// putUp is bar with queueMu held.
func (l *Limiter) putUp(who int, b *bar) (out []*waiter) {
	l.bars[who] = b
	l.barred.Store(l.firstBar())
	l.gate.set(flagBarred)
	for w := l.queue.first(maxLimit); w != nil; w = l.queue.first(maxLimit) {
		l.queue.remove(w)
		out = append(out, w)
	}
	l.gate.clear(flagWaiting)
	return out
}

// flush tells everybody in out why, even if the function of one panics.
func (l *Limiter) flush(out []*waiter, b *bar) {
	defer func() {
		if len(out) > 0 {
			l.flush(out, b)
		}
	}()
	for len(out) > 0 {
		w := out[0]
		out = out[1:]
		w.tell(Permit{}, l.rejectBy(b))
	}
}

// unbar takes down the bar that who put up and admits again if no other stands.
func (l *Limiter) unbar(who int) {
	l.queueMu.Lock()
	defer l.queueMu.Unlock()
	l.takeDown(who)
}

// takeDown is unbar with queueMu held.
func (l *Limiter) takeDown(who int) {
	l.bars[who] = nil
	b := l.firstBar()
	if b == nil {
		l.gate.clear(flagBarred)
	}
	l.barred.Store(b)
}

func (l *Limiter) firstBar() *bar {
	for _, b := range l.bars {
		if b != nil {
			return b
		}
	}
	return nil
}
