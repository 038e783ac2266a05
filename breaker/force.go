package breaker

import "github.com/flyball-go/flyball/adaptive"

// ForceOpen rejects every call until ForceClosed, Disable or Reset: for a
// downstream that must be left alone.
func (b *Breaker) ForceOpen() { b.force(ForcedOpen) }

// ForceClosed lets every call through to the limiter until ForceOpen, Disable or
// Reset. Results are counted, but nothing trips.
func (b *Breaker) ForceClosed() { b.force(ForcedClosed) }

// Disable takes the breaker out of the way until ForceOpen, ForceClosed or Reset:
// as ForceClosed, but nothing is counted.
func (b *Breaker) Disable() { b.force(Disabled) }

// Reset makes the breaker as new: closed, with nothing counted and the first open
// time next. If it kept the limiter suspended or held, the limit restarts as after
// an outage.
func (b *Breaker) Reset() { b.force(Closed) }

// force enters a state that an operator wants. What it was before does not count,
// but the limiter must hear of it.
func (b *Breaker) force(s State) {
	now := b.lim.Now()
	b.mu.Lock()
	ph := b.phase.Load()
	switch {
	case ph.state == s && s != Closed:
	case s == ForcedOpen:
		if ph.state.admits() {
			b.remembered = max(ph.results.highest(now), b.lim.Limit())
		}
		b.openTime = 0
		b.enter(&phase{b: b, state: s, since: now, why: byHand}, func() { b.lim.Suspend(b.errOpen) })
	case ph.state.admits():
		b.openTime = 0
		b.watch.start(now)
		b.enter(b.newClosed(s, now, byHand), nothing)
	default:
		b.openTime = 0
		b.close(s, now, byHand)
	}
	b.mu.Unlock()
	b.deliver()
}

const byHand = "by hand"

func nothing() {}

var _ adaptive.Guard = (*Breaker)(nil)
