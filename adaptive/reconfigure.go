package adaptive

import (
	"errors"
	"fmt"
)

// Reconfigure puts c in force, as a whole or, if it has a fault, not at all: then
// the error has all faults and nothing changes. What was learned stays: the
// limit, within the new bounds, and as long as c.Law is the same law, its
// knowledge too; another law starts at the limit there is. Calls in flight and calls
// that wait stay as they are; those above a lower limit drain, and a shorter Queue or
// MaxWait is for calls that come later.
//
// Name cannot change, Initial no longer matters, and Law says nothing where
// Parts.Law was given. A limit pinned by SetLimit stays pinned.
func (l *Limiter) Reconfigure(c Config) error {
	for {
		old := l.config.Load()
		next, law, err := l.successor(old, c)
		if err != nil {
			return err
		}
		now := l.Now()
		var ctl Controller
		d := Decision{Limit: float64(next.Max)}
		if law != nil {
			ctl = law.New()
			d = ctl.Update(l.emptyWindow(now, next))
		}
		if l.install(now, old, next, ctl, d) {
			return nil
		}
	}
}

// successor is c with defaults, and its law if that is another one.
func (l *Limiter) successor(old *Config, c Config) (*Config, Law, error) {
	var nameFault error
	if c.Name != old.Name {
		nameFault = fmt.Errorf("adaptive: config: Name is %q, must stay %q", c.Name, old.Name)
	}
	numbers := errors.Join(nameFault, c.validateNumbers())
	c = c.WithDefaults()
	if l.ownLaw {
		c.Law = old.Law
		return &c, nil, numbers
	}
	law, err := ParseLaw(c.Law)
	if err = errors.Join(numbers, err); err != nil || c.Law == old.Law {
		return &c, nil, err
	}
	return &c, law, nil
}

// emptyWindow is what a law is started with.
func (l *Limiter) emptyWindow(now Instant, c *Config) Window {
	return Window{
		Opened: now, Closed: now, Wall: l.wall.Add(now.Sub(0)),
		Limit: within(float64(l.Limit()), c), Min: float64(c.Min), Max: float64(c.Max),
		Latency: newHistogram(), Low: newHistogram(),
	}
}

// within is limit within the bounds of c.
func within(limit float64, c *Config) float64 {
	return min(max(limit, float64(c.Min)), float64(c.Max))
}

// install puts next in force unless somebody else has replaced old. ctl is nil if
// the law stays.
func (l *Limiter) install(now Instant, old, next *Config, ctl Controller, d Decision) bool {
	c := &l.control
	c.mu.Lock()
	if !l.config.CompareAndSwap(old, next) {
		c.mu.Unlock()
		return false
	}
	from := l.gate.load().limit()
	if ctl != nil {
		c.law, c.next = ctl, d.Next
		c.turn++ // what the old law is about to say no longer counts
		c.limit = within(d.Limit, next)
		if !c.frozen && !c.deciding {
			l.openWindow(now, d.Next)
		}
	}
	c.limit = within(c.limit, next)
	if next.TimeOneIn != old.TimeOneIn {
		c.shift = shift(next.TimeOneIn) // from the next window on
	}
	d = Decision{
		Name: next.Name, At: now, Limit: c.limit, From: from, To: l.enforce(),
		Reason: "reconfigured", Unless: "moves when the law says so",
	}
	c.decisions.add(d)
	c.mu.Unlock()
	if out := l.tooHeavy(next.Max); len(out) > 0 {
		l.flush(out, &bar{err: l.rejection[RejectCall], reason: RejectCall})
	}
	if next.Observe {
		l.admitAll()
	}
	l.grant()
	l.tell(d)
	return true
}

// tooHeavy takes out of the queue who would wait for good under a lower Max.
func (l *Limiter) tooHeavy(limit int) (out []*waiter) {
	l.queueMu.Lock()
	defer l.queueMu.Unlock()
	for i := range l.queue.levels {
		for w := l.queue.levels[i].head; w != nil; {
			next := w.next
			if w.weight > limit {
				l.queue.remove(w)
				out = append(out, w)
			}
			w = next
		}
	}
	l.unflag()
	return out
}
