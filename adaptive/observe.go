package adaptive

import "time"

// overrule admits a call for which there is no place, in Config.Observe, and
// counts what would have become of it: those beyond the limit are taken for the
// queue. patient says whether it would have waited; deadline 0 is none. A guard in
// front and Close are obeyed.
func (l *Limiter) overrule(n int, patient bool, deadline Instant) (admitted word, ok bool) {
	c := l.config.Load()
	if !c.Observe {
		return 0, false
	}
	for {
		w := l.gate.load()
		reason, rejects := RejectRetryAfter, true
		if w&flagBarred != 0 {
			if b := l.barred.Load(); b == nil || !b.holdsBack() {
				return 0, false
			}
		} else {
			reason, rejects = l.wouldReject(c, w, n, patient, deadline)
		}
		if w.inFlight()+n > maxLimit {
			return 0, false // the gate cannot count further
		}
		if !l.gate.swap(w, w+places(n)) {
			continue
		}
		l.noteBlocked()
		if rejects {
			l.wouldHave[reason].Add(1)
		}
		return w + places(n), true
	}
}

// wouldReject is what enforcing c would do with an arrival at w.
func (l *Limiter) wouldReject(c *Config, w word, n int, patient bool, deadline Instant) (RejectReason, bool) {
	ahead := max(0, w.inFlight()-w.limit())
	switch {
	case c.Queue < 0 || !patient:
		return RejectLimit, true
	case deadline != 0 && deadline.Sub(l.Now()) < l.needed()+l.typical()*time.Duration(ahead+n)/time.Duration(w.limit()):
		return RejectDeadline, true
	case ahead >= c.Queue:
		return RejectQueueFull, true
	}
	return 0, false
}

// admitAll admits whoever waits, when a Limiter begins to observe.
func (l *Limiter) admitAll() {
	for {
		mark := l.samples.mark.Load()
		l.queueMu.Lock()
		w := l.queue.first(maxLimit)
		if w == nil {
			l.queueMu.Unlock()
			return
		}
		l.queue.remove(w)
		l.unflag()
		g := word(l.gate.word.Add(uint64(places(w.weight))))
		l.queueMu.Unlock()
		p, _ := l.admit(g, mark, w.weight, false)
		l.hand(w, p, nil)
	}
}
