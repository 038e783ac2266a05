package adaptive

import "errors"

// bar is why nobody is admitted.
type bar struct {
	err         error
	reason      RejectReason
	from, until Instant // of one that holds back, see stands
}

// Who may put up a bar. The lowest that stands is the one that callers are told of.
const (
	forGood   = iota // Close
	suspended        // Suspend
	heldBack         // the downstream's Retry-After
	bars
)

func (l *Limiter) rejectBy(b *bar) error {
	l.rejected[b.reason].Add(1)
	return b.err
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
	l.gate.bar()
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
