package adaptive

import (
	"fmt"
	"time"
)

// SetLimit pins the limit at n until Resume: the law learns nothing meanwhile.
// Calls in flight above n drain. n is within 1 and 1<<24, whatever Min and Max.
// After Close it is Rejection(RejectClosed).
func (l *Limiter) SetLimit(n int) error {
	if n < 1 || n > maxLimit {
		return fmt.Errorf("adaptive: SetLimit(%d): must be 1 to %d", n, maxLimit)
	}
	if l.closed.Load() {
		return l.rejection[RejectClosed]
	}
	l.freeze(func(c *control) { c.pin = n })
	return nil
}

// Resume lets the law move the limit again, from where SetLimit put it.
func (l *Limiter) Resume() {
	l.freeze(func(c *control) {
		if c.pin > 0 {
			c.limit = within(float64(c.pin), l.config.Load())
		}
		c.pin = 0
	})
}

// Suspend is for guards in front, such as a circuit breaker that opens: it
// rejects with err what waits and what comes, and freezes the law, until Hold or
// Recover. Calls in flight end normally. A nil err means Rejection(RejectBreakerOpen).
func (l *Limiter) Suspend(err error) {
	if err == nil {
		err = l.rejection[RejectBreakerOpen]
	}
	b := newBar(err)
	var out []*waiter
	l.freeze(func(c *control) {
		c.suspended = true
		out = l.bar(suspended, b)
	})
	l.flush(out, b)
}

// Hold is for guards in front, such as a circuit breaker that probes: it admits
// at most n calls at once, with the law frozen, until Suspend or Recover. That may be
// more than the limit was, up to Config.Max, as calls that hang may fill that.
func (l *Limiter) Hold(n int) {
	l.freeze(func(c *control) { c.hold, c.suspended = max(n, 1), false })
}

// Recover is for guards in front, such as a circuit breaker that closes: it ends
// Suspend and Hold, restarts the limit at a quarter of limit, and doubles it
// back while round trips stay near what they were. Then the law goes on. A
// backlog so meets a limit that grows with what the downstream shows it can take.
// It restarts at twice the calls in flight if that is more, as those may hang yet, but
// never above limit.
func (l *Limiter) Recover(limit int) {
	l.freeze(func(c *control) {
		c.hold, c.suspended = 0, false
		target := within(float64(limit), l.config.Load())
		hung := float64(2 * l.tighten().inFlight())
		c.limit = max(target/4, min(hung, target), float64(l.config.Load().Min), 1)
		c.ramp = newRamp(target, l.samples.typical.Load())
	})
}

// Usual is for guards in front that judge calls in flight by their age: the
// median and the 99th percentile of round trips of late, as far as they were not
// overloaded; 0 if unknown.
func (l *Limiter) Usual() (median, p99 time.Duration) {
	return l.typical(), time.Duration(l.samples.tail.Load())
}

// RealTime reports whether the Limiter is on the machine's clock.
func (l *Limiter) RealTime() bool { return l.clock == nil }

// Full reports whether a call that comes now finds no free place.
func (l *Limiter) Full() bool {
	w := l.gate.load()
	if w&flagKept != 0 && !w.room(1) {
		w = l.tighten()
	}
	return w&shut != 0 || !w.room(1)
}

// Close rejects what waits and what comes. Calls in flight end normally; closing
// again does nothing.
func (l *Limiter) Close() {
	if l.closed.Swap(true) {
		return
	}
	b := newBar(l.rejection[RejectClosed])
	l.flush(l.bar(forGood, b), b)
}

// freeze changes what overrides the law, makes a decision under way stale, and
// starts a new window unless the law is frozen now.
func (l *Limiter) freeze(change func(*control)) {
	now := l.Now()
	c := &l.control
	c.mu.Lock()
	change(c)
	c.turn++
	c.resumed = true
	c.frozen = c.pin > 0 || c.hold > 0 || c.suspended
	l.enforce()
	if !c.suspended {
		l.unbar(suspended) // not before the new limit is in force: Suspend held back a crowd
	}
	if c.ramp != nil {
		c.next = c.ramp.collect(c.limit)
	}
	switch {
	case c.frozen:
		l.samples.rest()
	case !c.deciding:
		l.reopen(now)
	}
	c.mu.Unlock()
	l.grant()
}
