package breaker

import (
	"math"

	"github.com/sony/gobreaker/v2"

	"github.com/flyball-go/flyball/adaptive"
)

const maxProbes = 10

// probesFor is how many probes a limit is worth.
func probesFor(limit int) int {
	return min(max(int(math.Round(math.Sqrt(float64(limit)))), 1), maxProbes)
}

// probe is a call admitted while half-open, and its Settler.
type probe struct {
	ph    *phase
	start adaptive.Instant
	done  func(error)
}

// mayProbe reports whether one more probe may go, before the limiter is asked.
func (b *Breaker) mayProbe(ph *phase) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(ph.out)+ph.good < ph.core.probes
}

// permit asks gobreaker for its permission, for a call that the limiter has
// admitted.
func (b *Breaker) permit(ph *phase, p adaptive.Permit) (adaptive.Permit, error) {
	b.mu.Lock()
	if b.phase.Load() == ph {
		if done, err := ph.core.Allow(); err == nil {
			pr := &probe{ph, p.Start(), done}
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
	b.mu.Lock()
	b.expire(pr.ph, e.At)
	if !b.judge(pr, e) {
		b.late.Add(1)
	}
	b.mu.Unlock()
	b.deliver()
}

// expire fails the probes that have not reported in time. Breaker.mu is held.
func (b *Breaker) expire(ph *phase, now adaptive.Instant) {
	for len(ph.out) > 0 && now.Sub(ph.out[0].start) >= ph.patience {
		if !b.judge(ph.out[0], adaptive.End{Result: adaptive.Result{Outcome: adaptive.TimedOut}, At: now}) {
			return
		}
	}
}

// judge counts the result of a probe, unless it is late. Breaker.mu is held.
//
// gobreaker reopens at the first failure it is told of, and closes after as many
// successes as there may be probes. A downstream that fails less often than
// Config.Rate must be able to come back, so a failure below that share is
// excluded, and another probe takes its place.
func (b *Breaker) judge(pr *probe, e adaptive.End) bool {
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
		if float64(ph.bad)/float64(ph.core.probes) >= b.c.Rate {
			pr.done(errFailed)
		} else {
			pr.done(errExcluded)
		}
	}
	switch ph.core.state {
	case gobreaker.StateClosed:
		b.close(e.At)
	case gobreaker.StateOpen:
		b.openTime = b.c.Open.next(b.openTime)
		b.open(ph, ph.core, e.At)
	}
	return true
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
