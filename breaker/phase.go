package breaker

import (
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/flyball-go/flyball/adaptive"
)

// phase is a state from when it is entered until it is left. A closed one has a
// Tap for every call admitted in it, so that a permit costs no allocation.
type phase struct {
	b     *Breaker
	state State
	since adaptive.Instant
	why   string

	// Closed and forced closed.
	tap     *adaptive.Tap    // of its calls
	results *window          // under Breaker.mu
	retryAt adaptive.Instant // latest Retry-After heard, under Breaker.mu; also half-open

	// Open and half-open: gobreaker's, from the trip until it closes.
	core *core

	// Open.
	until  adaptive.Instant
	asleep atomic.Bool // a timer will say when to look at the clock
	waking atomic.Bool // somebody is making it half-open

	probes // half-open
}

// core is a gobreaker between a trip and the next time it is closed. It is told of
// the trip and of probes; its clock has nothing to say.
type core struct {
	*gobreaker.TwoStepCircuitBreaker[struct{}]
	probes int             // at most
	needed int             // of those, to succeed
	state  gobreaker.State // as it last reported
}

// newCore returns a gobreaker that has just tripped.
func newCore(name string, limit int, share float64) *core {
	c := &core{probes: probesFor(limit)}
	c.needed = neededOf(c.probes, share)
	c.TwoStepCircuitBreaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name:        name,
		MaxRequests: uint32(c.needed),
		Timeout:     1, // the least there is: how long it stays open is ours to say
		ReadyToTrip: func(gobreaker.Counts) bool { return true },
		IsExcluded:  func(err error) bool { return err == errExcluded },
		// Runs under gobreaker's lock, and asking it for its state would move it.
		OnStateChange: func(_ string, _, to gobreaker.State) { c.state = to },
	})
	done, _ := c.Allow() // a new one is closed and never refuses
	done(errFailed)
	return c
}

// newClosed is a phase in which calls pass.
func (b *Breaker) newClosed(s State, at adaptive.Instant, why string) *phase {
	ph := &phase{b: b, state: s, since: at, why: why, results: newWindow(b.c.Window)}
	ph.tap = b.lim.NewTap(ph)
	return ph
}

// heard remembers how long the downstream asked us to hold back.
func (ph *phase) heard(e adaptive.End) {
	if e.RetryAfter > 0 {
		ph.retryAt = max(ph.retryAt, e.At.Add(min(e.RetryAfter, ph.b.lim.Config().MaxRetryAfter)))
	}
}

// open opens the breaker at instant at. Breaker.mu is held.
func (b *Breaker) open(from *phase, c *core, at adaptive.Instant, why string) {
	b.opened++
	jitter, u := max(b.c.Open.Jitter, 0), b.rand.Float64()
	wait := float64(b.openTime) * (1 + jitter*(2*u-1))
	if asked := from.retryAt.Sub(at); asked > 0 {
		wait = float64(max(asked, b.c.Open.Base)) * (1 + jitter*u) // never sooner than asked
	}
	next := &phase{b: b, state: Open, since: at, why: why, core: c, until: at.Add(time.Duration(wait))}
	if b.real {
		// So that rejecting a call does not cost a look at the clock.
		next.asleep.Store(true)
		after(time.Duration(wait)+1, func() { next.asleep.Store(false) })
	}
	b.enter(next, func() { b.lim.Suspend(b.errOpen) })
}

// current is the phase after what the clock has brought about.
func (b *Breaker) current() *phase {
	ph := b.phase.Load()
	switch ph.state {
	case Open:
		// At the very instant it is still open, as gobreaker has it. Whoever comes
		// while it is being changed finds it open.
		if ph.asleep.Load() {
			return ph
		}
		if now := b.lim.Now(); now > ph.until && ph.waking.CompareAndSwap(false, true) {
			b.halfOpen(ph, now)
		}
	case HalfOpen:
		now := b.lim.Now() // the clock may be the user's
		b.mu.Lock()
		b.expire(ph, now)
		b.mu.Unlock()
		b.deliver()
	}
	return b.phase.Load()
}

// halfOpen ends the open time of ph. Only one goroutine gets here.
func (b *Breaker) halfOpen(ph *phase, now adaptive.Instant) {
	for ph.core.State() == gobreaker.StateOpen {
		tick()
	}
	b.mu.Lock()
	if b.phase.Load() == ph { // unless an operator was quicker
		n := ph.core.probes
		b.enter(&phase{b: b, state: HalfOpen, since: now, why: "its time is over", core: ph.core, probes: probes{within: b.probeTime()}}, func() {
			// Calls from before may hang yet. They must not keep probes out, so far as
			// the limit has room; gobreaker sees to it that no more than n go.
			b.lim.Hold(b.lim.Stats().InFlight + n)
		})
	}
	b.mu.Unlock()
	b.deliver()
}

// close closes the breaker at instant at. Breaker.mu is held.
func (b *Breaker) close(s State, at adaptive.Instant, why string) {
	next, n := b.newClosed(s, at, why), b.remembered
	first, _ := next.results.at(at)
	first.limit = n // so that a trip while the limit is being restored does not forget it
	b.watch.start(at)
	b.enter(next, func() { b.lim.Recover(n) })
}
