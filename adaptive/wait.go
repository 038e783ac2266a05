package adaptive

import (
	"context"
	"errors"
	"time"
)

// wait is the slow half of Acquire: no place was free.
func (l *Limiter) wait(ctx context.Context) (Permit, error) {
	if l.config.Queue < 0 {
		return Permit{}, l.turnAway()
	}
	l.noteBlocked()
	deadline, has := ctx.Deadline()
	if has && l.barred.Load() == nil && untilDeadline(deadline) < l.expected() {
		return Permit{}, l.reject(RejectDeadline)
	}
	w := newWaiter()
	window := l.samples.window.Load()
	if g, err := l.enqueue(w); err != nil {
		return Permit{}, err
	} else if g != 0 {
		return l.permit(g, window), nil
	}
	var patience <-chan time.Time
	if l.config.MaxWait > 0 {
		fired, stop := after(l.config.MaxWait)
		defer stop()
		patience = fired
	}
	var err error
	select {
	case a := <-w.ready:
		if a.err == nil && ctx.Err() != nil {
			// Granted and cancelled at once: the next in line has more use for it.
			a.p.unsent()
			return Permit{}, context.Cause(ctx)
		}
		if a.err == nil && has && untilDeadline(deadline) < l.needed() {
			// The wait took what the call would need: sent now, it would only time out.
			a.p.unsent()
			return Permit{}, l.reject(RejectDeadline)
		}
		return a.p, a.err
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-patience:
		err = l.rejection[RejectQueueTimeout]
	}
	if !l.withdraw(w) {
		a := <-w.ready
		if a.err != nil {
			return Permit{}, a.err // counted as rejected already
		}
		a.p.unsent()
	}
	if err == error(l.rejection[RejectQueueTimeout]) {
		l.rejected[RejectQueueTimeout].Add(1)
	}
	return Permit{}, err
}

// typical is the round trip of late; 0 if unknown.
func (l *Limiter) typical() time.Duration { return time.Duration(l.samples.typical.Load()) }

// needed is how much time a call should have left when it is sent: half of the
// calls take longer than the typical one, few longer than twice that.
func (l *Limiter) needed() time.Duration { return 2 * l.typical() }

// expected is how much time a call that joins the queue now should have left: a
// place frees every typical/limit.
func (l *Limiter) expected() time.Duration {
	l.queueMu.Lock()
	ahead := l.queue.n
	l.queueMu.Unlock()
	return l.needed() + l.typical()*time.Duration(ahead+1)/time.Duration(l.Limit())
}

// enqueue puts w in the queue, unless it is rejected or admitted now; then it
// returns the word that admitted it.
func (l *Limiter) enqueue(w *waiter) (admitted word, err error) {
	l.queueMu.Lock()
	defer l.queueMu.Unlock()
	for {
		g := l.gate.load()
		switch {
		case g&flagBarred != 0:
			return 0, l.rejectBy(l.barred.Load())
		case g&flagWaiting == 0 && g.room():
			if l.gate.swap(g, g+one) {
				return g + one, nil
			}
		case l.queue.n >= l.config.Queue:
			return 0, l.reject(RejectQueueFull)
		case g&flagWaiting != 0 || l.gate.swap(g, g|flagWaiting):
			l.queue.push(w)
			return 0, nil
		}
	}
}

// withdraw takes w out of the queue and reports whether it was still there.
func (l *Limiter) withdraw(w *waiter) bool {
	l.queueMu.Lock()
	defer l.queueMu.Unlock()
	if !w.queued {
		return false
	}
	l.queue.remove(w)
	if l.queue.n == 0 {
		l.gate.clear(flagWaiting)
	}
	return true
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
		if g := l.gate.load(); g&flagWaiting == 0 || g&flagBarred != 0 || !g.room() {
			return
		}
		window := l.samples.window.Load()
		w, g := l.next()
		if w == nil {
			return
		}
		l.hand(w, l.permit(g, window))
	}
}

// hand gives w its permit, with no lock held. If a function panics, the panic goes
// on, but its permit comes back and those behind it get theirs.
func (l *Limiter) hand(w *waiter, p Permit) {
	if w.f == nil {
		w.ready <- answer{p, nil}
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
	call(w.f, p)
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

// next takes the first waiter out of the queue if there is room for it, and
// returns the word that admitted it.
func (l *Limiter) next() (w *waiter, admitted word) {
	l.queueMu.Lock()
	defer l.queueMu.Unlock()
	for l.queue.n > 0 {
		g := l.gate.load()
		if g&flagBarred != 0 || !g.room() {
			break
		}
		if !l.gate.swap(g, g+one) {
			continue
		}
		w := l.queue.pop()
		if l.queue.n == 0 {
			l.gate.clear(flagWaiting)
		}
		return w, g + one
	}
	return nil, 0
}

// newBar is the bar for err, counted under the reason that err gives.
func newBar(err error) *bar {
	b := &bar{err, RejectBreakerOpen}
	var own *RejectedError
	if errors.As(err, &own) && int(own.Reason) < RejectReasons {
		b.reason = own.Reason
	}
	return b
}

// bar admits nobody from now on and returns who was in the queue, to be flushed
// once no lock is held. Nothing takes the place of the bar that Close put up.
func (l *Limiter) bar(b *bar) (out []*waiter) {
	l.queueMu.Lock()
	defer l.queueMu.Unlock()
	if l.closed.Load() && b.reason != RejectClosed {
		return nil
	}
	l.barred.Store(b)
	l.gate.set(flagBarred)
	for w := l.queue.pop(); w != nil; w = l.queue.pop() {
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
		err := l.rejectBy(b)
		if w.f != nil {
			w.f(Permit{}, err)
		} else {
			w.ready <- answer{Permit{}, err}
		}
	}
}

// unbar admits again, unless the Limiter is closed.
func (l *Limiter) unbar() {
	l.queueMu.Lock()
	defer l.queueMu.Unlock()
	if !l.closed.Load() {
		l.gate.clear(flagBarred)
		l.barred.Store(nil)
	}
}
