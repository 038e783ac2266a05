package breaker

import (
	"fmt"
	"math"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/flyball-go/flyball/adaptive"
)

const maxProbes = 10

// probesFor is how many probes a limit is worth.
func probesFor(limit int) int {
	return min(max(int(math.Round(math.Sqrt(float64(limit)))), 1), maxProbes)
}

// neededOf is how many of n probes have to succeed.
func neededOf(n int, share float64) int {
	return min(max(int(math.Ceil(share*float64(n)-1e-9)), 1), n)
}

// probes is what a half-open phase knows of its calls, under Breaker.mu.
type probes struct {
	within    time.Duration    // for all of them
	began     adaptive.Instant // when the first was admitted; 0 if none was
	out       []*probe         // not reported yet, oldest first
	good, bad int
}

// probe is a call admitted while half-open, and its Settler.
type probe struct {
	ph   *phase
	done func(error)
}

// probeTime is how long a phase of probes may take.
func (b *Breaker) probeTime() time.Duration {
	if b.c.ProbeWithin > 0 {
		return b.c.ProbeWithin
	}
	_, p99 := b.lim.Usual()
	if p99 == 0 {
		return defaultWindow // nothing is known of how long a call takes
	}
	return usuals*min(p99, longest/usuals) + b.openTime
}

// room reports whether one more probe may go. Until one has succeeded they go one
// at a time: whether the door is dead costs one call to find out.
func (ph *phase) room() bool {
	if ph.good == 0 {
		return len(ph.out) == 0
	}
	return len(ph.out)+ph.good < ph.core.needed
}

// mayProbe reports whether one more probe may go, before the limiter is asked.
func (b *Breaker) mayProbe(ph *phase) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return ph.room()
}

// permit asks gobreaker for its permission, for a call that the limiter has
// admitted.
func (b *Breaker) permit(ph *phase, p adaptive.Permit) (adaptive.Permit, error) {
	b.mu.Lock()
	if b.phase.Load() == ph && ph.room() {
		if done, err := ph.core.Allow(); err == nil {
			pr := &probe{ph, done}
			if ph.began == 0 {
				ph.began = max(p.Start(), 1)
			}
			ph.out = append(ph.out, pr)
			b.mu.Unlock()
			return p.Via(pr), nil
		}
	}
	b.mu.Unlock()
	p.Done(adaptive.Ignored)
	return adaptive.Permit{}, b.count(b.errProbes)
}

// Settle implements [adaptive.Settler].
func (pr *probe) Settle(e adaptive.End) {
	b := pr.ph.b
	b.watch.ended(e)
	b.mu.Lock()
	b.expire(pr.ph, e.At)
	if !b.report(pr, e) {
		b.late.Add(1)
	}
	b.mu.Unlock()
	b.deliver()
}

// expire ends a phase of probes whose time is over: those that are out have
// failed, and the share of those that were sent decides. Breaker.mu is held.
func (b *Breaker) expire(ph *phase, now adaptive.Instant) {
	if b.phase.Load() != ph || ph.began == 0 || now.Sub(ph.began) < ph.within {
		return
	}
	hung := len(ph.out)
	for len(ph.out) > 0 {
		if !b.report(ph.out[0], adaptive.End{Result: adaptive.Result{Outcome: adaptive.TimedOut}, At: now}) || b.phase.Load() != ph {
			return
		}
	}
	switch sent := ph.good + ph.bad; {
	case sent == 0:
		ph.began = 0 // all of them were ignored
	case ph.good > 0 && over(uint64(ph.good), uint64(sent), b.c.ProbeShare):
		b.close(Closed, now, fmt.Sprintf("%d of %d probes succeeded in %v", ph.good, sent, brief(ph.within)))
	default:
		b.reopen(ph, now, fmt.Sprintf("%d of %d probes failed in %v, %d of them without an answer", ph.bad, sent, brief(ph.within), hung))
	}
}

// report counts the result of a probe, unless it is late. Breaker.mu is held.
//
// gobreaker reopens at the first failure that it is told of, and closes after as
// many successes as there may be probes. A downstream that fails now and then must
// be able to come back, so a failure that leaves the share within reach is
// excluded, and another probe takes its place.
func (b *Breaker) report(pr *probe, e adaptive.End) bool {
	ph := pr.ph
	if b.phase.Load() != ph || !ph.remove(pr) {
		return false
	}
	switch e.Outcome {
	case adaptive.Ignored:
		pr.done(errExcluded)
	case adaptive.Success:
		ph.good++
		pr.done(nil)
	default:
		ph.bad++
		ph.heard(e)
		if ph.core.probes-ph.bad < ph.core.needed {
			pr.done(errFailed)
		} else {
			pr.done(errExcluded)
		}
	}
	switch ph.core.state {
	case gobreaker.StateClosed:
		b.close(Closed, e.At, fmt.Sprintf("%d of %d probes succeeded", ph.good, ph.good+ph.bad))
	case gobreaker.StateOpen:
		b.reopen(ph, e.At, fmt.Sprintf("%d of %d probes failed, the last %v", ph.bad, ph.good+ph.bad, e.Outcome))
	}
	return true
}

// reopen opens again, for longer. Breaker.mu is held.
func (b *Breaker) reopen(ph *phase, at adaptive.Instant, why string) {
	c := ph.core
	if c.state != gobreaker.StateOpen { // our clock's decision: it has not heard of it
		c = newCore(b.lim.Config().Name, b.remembered, b.c.ProbeShare)
	}
	b.openTime = b.c.Open.next(b.openTime)
	b.open(ph, c, at, why)
}

// remove takes pr from those that are out, and reports whether it was there.
func (ph *phase) remove(pr *probe) bool {
	for i, other := range ph.out {
		if other == pr {
			ph.out = append(ph.out[:i], ph.out[i+1:]...)
			return true
		}
	}
	return false
}
