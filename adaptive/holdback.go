package adaptive

import "time"

// holdBack keeps everybody away for as long as the downstream asked at instant at,
// but no longer than Config.MaxRetryAfter. It returns who was in the queue, to be flushed.
//
// No timer ends it: whoever comes first after that does, in lift. Nobody has to be
// woken then, because nobody waits: the queue was flushed and is closed meanwhile.
func (l *Limiter) holdBack(d time.Duration, at Instant) (b *bar, out []*waiter) {
	if d = min(d, l.config.Load().MaxRetryAfter); d <= 0 {
		return nil, nil
	}
	b = &bar{err: l.rejection[RejectRetryAfter], reason: RejectRetryAfter, from: at, until: at.Add(d)}
	l.queueMu.Lock()
	defer l.queueMu.Unlock()
	if old := l.bars[heldBack]; old != nil && b.until <= old.until && old.stands(at) {
		return nil, nil // asked to come back later than that already
	}
	return b, l.putUp(heldBack, b)
}

// holdsBack tells a bar of ours from one that somebody else put up.
func (b *bar) holdsBack() bool { return b.until > b.from }

// stands reports whether b, which holds back, does so at now. A clock that has gone
// back to before it began must not make it longer.
func (b *bar) stands(now Instant) bool { return b.from <= now && now < b.until }

// lift ends a Retry-After that is over, and reports whether admission is open now.
func (l *Limiter) lift() bool {
	b := l.barred.Load()
	if b == nil || !b.holdsBack() || b.stands(l.Now()) {
		return b == nil
	}
	l.queueMu.Lock()
	defer l.queueMu.Unlock()
	if l.bars[heldBack] == b {
		l.takeDown(heldBack)
	}
	return l.barred.Load() == nil
}

// heldFor is how much longer everybody is held back; 0 if nobody is.
func (l *Limiter) heldFor() time.Duration {
	l.queueMu.Lock()
	b := l.bars[heldBack]
	l.queueMu.Unlock()
	return l.remaining(b)
}

func (l *Limiter) remaining(b *bar) time.Duration {
	if b == nil {
		return 0
	}
	if now := l.Now(); b.stands(now) {
		return b.until.Sub(now)
	}
	return 0
}
