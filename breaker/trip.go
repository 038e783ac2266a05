package breaker

import (
	"fmt"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// Settle implements [adaptive.Settler] for calls admitted while closed, but for
// successes that are only counted.
func (ph *phase) Settle(e adaptive.End) {
	b := ph.b
	b.watch.ended(e)
	switch {
	case b.phase.Load() != ph:
		b.late.Add(1)
	case e.Outcome == adaptive.Ignored:
	default:
		b.mu.Lock()
		if b.phase.Load() == ph {
			ph.count(e)
		} else {
			b.late.Add(1)
		}
		b.mu.Unlock()
		b.deliver()
	}
}

// count counts a result and trips if it is one too many. Breaker.mu is held.
func (ph *phase) count(e adaptive.End) {
	b := ph.b
	ph.gather()
	s, begins := ph.results.at(e.At)
	if begins {
		s.limit = b.lim.Limit()
	}
	if e.Outcome == adaptive.Success {
		s.good++
		b.succeeded()
	} else {
		s.bad++
		ph.heard(e)
		b.failed(e)
	}
	slow := b.c.SlowRate > 0 && b.slow(e)
	if slow {
		s.slow++
	}
	if ph.state == Closed {
		if why := b.judge(ph, e, slow); why != "" {
			b.trip(ph, e.At, why)
			return
		}
		if e.Outcome != adaptive.Success {
			b.listen(ph, e.At)
		}
	}
	ph.spare()
}

// gather takes over the successes that were only counted. Breaker.mu is held.
func (ph *phase) gather() { ph.results.gather(ph.tap.Counted()) }

// spare says of which successes ph need not hear: while there is nothing to put
// right, of those until the slice of the window ends. That watched calls are among
// them is no loss: who looks next finds a success and marks anew. Breaker.mu is held.
func (ph *phase) spare() {
	w := &ph.b.watch
	if w.quiet || w.streak > 0 || w.floor.bad > 0 || ph.b.c.SlowRate > 0 {
		ph.tap.Tell()
		return
	}
	ph.tap.Spare(ph.results.ends())
}

// failed counts a failure beside the window. Breaker.mu is held.
func (b *Breaker) failed(e adaptive.End) {
	w := &b.watch
	w.failed++
	w.streak++
	lim := b.lim.Config()
	if b.c.AtFloor < 0 || lim.Min == lim.Max {
		return
	}
	if above := b.leaveFloor(); !above && (e.Outcome == adaptive.Refused || e.Outcome == adaptive.TimedOut) {
		w.floor.bad++
	}
}

// slow reports whether a call took long.
func (b *Breaker) slow(e adaptive.End) bool {
	after := b.c.SlowAfter
	if after == 0 {
		median, _ := b.lim.Usual()
		after = slowTimes * min(median, longest/slowTimes)
	}
	return after > 0 && e.RoundTrip() >= after
}

// judge returns why the result e is one too many, or "". A result that is well
// trips nothing, whatever came before. Breaker.mu is held.
func (b *Breaker) judge(ph *phase, e adaptive.End, isSlow bool) string {
	failed := e.Outcome != adaptive.Success
	if n := b.watch.streak; failed && b.c.Consecutive > 0 && n >= b.c.Consecutive {
		return fmt.Sprintf("%d failures in a row, %d trip", n, b.c.Consecutive)
	}
	if f := b.watch.floor; failed && b.c.AtFloor > 0 && f.bad >= b.c.AtFloor {
		// With Rate off, most of them.
		if all := f.bad + f.good; over(uint64(f.bad), uint64(all), max(b.c.Rate, 0.5)) {
			return fmt.Sprintf("%d of %d calls refused or timed out with the limit at its floor of %d, %d trip", f.bad, all, b.lim.Limit(), b.c.AtFloor)
		}
	}
	good, bad, slow := ph.results.counts(e.At)
	total := good + bad
	switch {
	case total < uint64(b.c.MinVolume):
	case failed && b.c.Rate > 0 && over(bad, total, b.c.Rate):
		return fmt.Sprintf("%d of %d results in %v failed, a share of %.3g trips", bad, total, b.c.Window, b.c.Rate)
	case isSlow && over(slow, total, b.c.SlowRate):
		return fmt.Sprintf("%d of %d results in %v were slow, a share of %.3g trips", slow, total, b.c.Window, b.c.SlowRate)
	}
	return ""
}

func over(part, all uint64, share float64) bool { return float64(part)/float64(all) >= share }

// trip opens a closed breaker. Breaker.mu is held.
func (b *Breaker) trip(ph *phase, at adaptive.Instant, why string) {
	// The law may have cut the limit already, for the same trouble; what is worth
	// remembering is the highest of the window.
	b.remembered = max(ph.results.highest(at), b.lim.Limit())
	if b.openTime > 0 && at.Sub(ph.since) < b.openTime {
		b.openTime = b.c.Open.next(b.openTime) // it never was well
	} else {
		b.openTime = b.c.Open.Base
	}
	b.open(ph, newCore(b.lim.Config().Name, b.remembered, b.c.ProbeShare), at, why)
}

// brief keeps what one wants to read of d.
func brief(d time.Duration) time.Duration { return d.Round(max(1, d/1000)).Round(time.Microsecond) }
