package breaker

import (
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/flyball-go/flyball/adaptive"
)

// phase is a state from when it is entered until it is left. A closed one is the
// Settler of every call admitted in it, so that a permit costs no allocation.
type phase struct {
	b     *Breaker
	state State

	// Closed.
	results window
	retryAt adaptive.Instant // latest Retry-After heard, under Breaker.mu; also half-open

	// Open and half-open: gobreaker's, from the trip until it closes.
	core *core

	// Open.
	until  adaptive.Instant
	waking atomic.Bool // somebody is making it half-open

	// Half-open, under Breaker.mu.
	patience  time.Duration
	out       []*probe // not reported yet, oldest first
	good, bad int
}

// core is a gobreaker between a trip and the next time it is closed. It is told of
// the trip and of probes; its clock has nothing to say.
type core struct {
	*gobreaker.TwoStepCircuitBreaker[struct{}]
	probes int             // that have to succeed
	state  gobreaker.State // as it last reported
}

// newCore returns a gobreaker that has just tripped.
func newCore(name string, probes int) *core {
	c := &core{probes: probes}
	c.TwoStepCircuitBreaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name:        name,
		MaxRequests: uint32(probes),
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

func (b *Breaker) newClosed() *phase {
	return &phase{b: b, state: Closed, results: newWindow(b.c.Window)}
}

// Settle implements [adaptive.Settler] for calls admitted while closed.
func (ph *phase) Settle(e adaptive.End) {
	b := ph.b
	switch {
	case b.phase.Load() != ph:
		b.late.Add(1)
	case e.Outcome == adaptive.Ignored:
	case e.Outcome == adaptive.Success:
		if ph.results.add(&ph.results.good, e.At) {
			ph.results.note(e.At, b.lim.Limit())
		}
	default:
		b.mu.Lock()
		if b.phase.Load() == ph {
			ph.fail(e)
		} else {
			b.late.Add(1)
		}
		b.mu.Unlock()
		b.deliver()
	}
}

// fail counts a failure and trips if it is one too many. Breaker.mu is held.
func (ph *phase) fail(e adaptive.End) {
	b, w := ph.b, &ph.results
	if w.add(&w.bad, e.At) {
		w.note(e.At, b.lim.Limit())
	}
	ph.heard(e)
	good, bad := w.counts(e.At)
	if total := good + bad; total < uint64(b.c.MinVolume) || float64(bad)/float64(total) < b.c.Rate {
		return
	}
	// The law may have cut the limit already, for the same trouble; what is worth
	// remembering is the highest of the window.
	b.remembered = max(w.highest(e.At), b.lim.Limit())
	b.openTime = b.c.Open.Base
	b.open(ph, newCore(b.lim.Config().Name, probesFor(b.remembered)), e.At)
}

// heard remembers how long the downstream asked us to hold back.
func (ph *phase) heard(e adaptive.End) {
	if e.RetryAfter > 0 {
		ph.retryAt = max(ph.retryAt, e.At.Add(min(e.RetryAfter, ph.b.c.Open.Max)))
	}
}

// open opens the breaker at instant at. Breaker.mu is held.
func (b *Breaker) open(from *phase, c *core, at adaptive.Instant) {
	b.opened++
	wait := min(max(b.openTime, from.retryAt.Sub(at)), b.c.Open.Max)
	b.enter(&phase{b: b, state: Open, core: c, until: at.Add(wait)}, func() { b.lim.Suspend(b.errOpen) })
}

// current is the phase after what the clock has brought about.
func (b *Breaker) current() *phase {
	ph := b.phase.Load()
	switch ph.state {
	case Open:
		// At the very instant it is still open, as gobreaker has it. Whoever comes
		// while it is being changed finds it open.
		if b.lim.Now() > ph.until && ph.waking.CompareAndSwap(false, true) {
			b.halfOpen(ph)
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
func (b *Breaker) halfOpen(ph *phase) {
	for ph.core.State() == gobreaker.StateOpen {
		tick()
	}
	b.mu.Lock()
	patience := b.c.ProbeTimeout
	if patience == 0 {
		patience = b.openTime
	}
	n := ph.core.probes
	b.enter(&phase{b: b, state: HalfOpen, core: ph.core, patience: patience}, func() {
		// Calls from before may hang yet. They must not keep probes out, so far as
		// the limit has room; gobreaker sees to it that no more than n go.
		b.lim.Hold(b.lim.Stats().InFlight + n)
	})
	b.mu.Unlock()
	b.deliver()
}

// close closes the breaker at instant at. Breaker.mu is held.
func (b *Breaker) close(at adaptive.Instant) {
	next, n := b.newClosed(), b.remembered
	next.results.note(at, n) // so that a trip while the limit is being restored does not forget it
	b.enter(next, func() { b.lim.Recover(n) })
}
