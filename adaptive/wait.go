package adaptive

import (
	"context"
	"errors"
	"sync"
	"time"
)

var waiters = sync.Pool{New: func() any { return &waiter{ready: make(chan answer, 1)} }}

// wait is the slow half of Acquire: no place was free.
func (l *Limiter) wait(ctx context.Context) (Permit, error) {
	if l.config.Queue < 0 {
		return Permit{}, l.turnAway()
	}
	l.noteBlocked()
	w := waiters.Get().(*waiter)
	defer waiters.Put(w)
	if p, err, waits := l.enqueue(w); !waits {
		return p, err
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

// enqueue puts w in the queue, unless it is admitted or rejected now.
func (l *Limiter) enqueue(w *waiter) (p Permit, err error, waits bool) {
	window := l.samples.window.Load()
	l.queueMu.Lock()
	defer l.queueMu.Unlock()
	for {
		g := l.gate.load()
		switch {
		case g&flagBarred != 0:
			return Permit{}, l.rejectBy(l.barred.Load()), false
		case g&flagWaiting == 0 && g.room():
			if l.gate.swap(g, g+one) {
				return l.permit(g+one, window), nil, false
			}
		case l.queue.n >= l.config.Queue:
			reason := RejectQueueFull
			if l.config.Queue < 0 {
				reason = RejectLimit
			}
			return Permit{}, l.reject(reason), false
		case g&flagWaiting != 0 || l.gate.swap(g, g|flagWaiting):
			l.queue.push(w)
			return Permit{}, nil, true
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

// grant admits waiters in turn while there is room. A waiter's function may end
// its permit at once and so come back here; it must not block.
func (l *Limiter) grant() {
	for {
		if g := l.gate.load(); g&flagWaiting == 0 || g&flagBarred != 0 || !g.room() {
			return
		}
		w, p := l.next()
		if w == nil {
			return
		}
		w.deliver(p, nil)
	}
}

// next takes the first waiter out of the queue if there is room for it.
func (l *Limiter) next() (*waiter, Permit) {
	window := l.samples.window.Load()
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
		return w, l.permit(g+one, window)
	}
	return nil, Permit{}
}

// bar admits nobody from now on and tells everybody in the queue why.
func (l *Limiter) bar(err error) {
	b := &bar{err, RejectBreakerOpen}
	var own *RejectedError
	if errors.As(err, &own) && int(own.Reason) < RejectReasons {
		b.reason = own.Reason
	}
	l.queueMu.Lock()
	l.barred.Store(b)
	l.gate.set(flagBarred)
	var out []*waiter
	for w := l.queue.pop(); w != nil; w = l.queue.pop() {
		out = append(out, w)
	}
	l.gate.clear(flagWaiting)
	l.queueMu.Unlock()
	for _, w := range out {
		w.deliver(Permit{}, l.rejectBy(b))
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
