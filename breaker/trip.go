package breaker

import (
	"fmt"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// Settle implements [adaptive.Settler] for calls admitted while closed.
func (ph *phase) Settle(e adaptive.End) {
	b := ph.b
	b.watch.ended(e)
	switch {
	case b.phase.Load() != ph:
		b.late.Add(1)
	case e.Outcome == adaptive.Ignored:
	case e.Outcome == adaptive.Success && b.c.SlowRate < 0:
		if q := b.watch.quiet.Load(); q != 0 {
			b.watch.stir(q)
		}
		if w := ph.results; w.add(w.good(), e.At) {
			w.note(e.At, b.lim.Limit())
		}
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
	b, w := ph.b, ph.results
	counter := &w.bad
	if e.Outcome == adaptive.Success {
		counter = w.good()
		b.watch.stir(b.watch.quiet.Load())
	}
	if w.add(counter, e.At) {
		w.note(e.At, b.lim.Limit())
	}
	slow := b.c.SlowRate > 0 && b.slow(e)
	if slow {
		w.add(&w.slow, e.At)
	}
	if e.Outcome != adaptive.Success {
		ph.heard(e)
		b.fails(e)
	}
	if ph.state != Closed {
		return
	}
	if why := b.judge(ph, e, slow); why != "" {
		b.trip(ph, e.At, why)
	} else if e.Outcome != adaptive.Success {
		b.listen(ph, e.At)
	}
}

// fails counts a failure beside the window. Breaker.mu is held.
func (b *Breaker) fails(e adaptive.End) {
	w := &b.watch
	w.failed++
	w.streak.Add(1)
	w.quiet.Or(failing)
	lim := b.lim.Config()
	if b.c.AtFloor < 0 || lim.Min == lim.Max {
		return
	}
	switch {
	case b.lim.Limit() > lim.Min:
		w.quiet.And(^uint32(floored))
		w.floorBad = 0
		w.floorGood.Store(0)
	case e.Outcome == adaptive.Refused || e.Outcome == adaptive.TimedOut:
		w.floorBad++
		w.quiet.Or(floored)
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
	if n := b.watch.streak.Load(); failed && b.c.Consecutive > 0 && n >= int64(b.c.Consecutive) {
		return fmt.Sprintf("%d failures in a row, %d trip", n, b.c.Consecutive)
	}
	if bad := b.watch.floorBad; failed && b.c.AtFloor > 0 && bad >= int64(b.c.AtFloor) {
		// With Rate off, most of them.
		if all := bad + b.watch.floorGood.Load(); over(uint64(bad), uint64(all), max(b.c.Rate, 0.5)) {
			return fmt.Sprintf("%d of %d calls refused or timed out with the limit at its floor of %d, %d trip", bad, all, b.lim.Limit(), b.c.AtFloor)
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
