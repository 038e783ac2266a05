package adaptive

import (
	"math"
	"time"
)

// Start-up doubles the limit until a queue shows. The constants have their reasons in
// docs/law.md.
const (
	startUpCalls = 32   // least window
	quietRatio   = 1.2  // round trip over the baseline up to which it goes on
	quietSigmas  = 1.64 // … and standard errors: one window in twenty is above by chance
	reached      = 0.75 // share of the limit in flight that is as good as all of it
)

// startUp doubles the limit until two windows show a queue, and then takes back
// what only queues. A probe verifies that it was one.
func (f *footing) startUp(w *Window, s statistic, d *Decision) {
	q, sigma := f.base.ratio(s), f.base.sigma(s)
	d.Value, d.Bound = q, quietRatio+quietSigmas*sigma
	if f.held {
		d.Bound = quietRatio // noise had its window
	}
	d.Unless = "goes on doubling below the bound"
	switch {
	case q < d.Bound && q > 1+2*sigma && w.MeanInFlight < reached*w.Limit && f.without.has(patience):
		// They rise already, and those that end now met fewer in flight than there are.
		d.Bound = 1 + 2*sigma
		d.Reason = "starting up, round trips rise before calls in flight reach the limit"
	case q < d.Bound:
		f.held = false
		d.Limit = 2 * w.Limit
		d.Reason, d.Unless = "starting up", "stops doubling above the bound"
	case !f.held && f.without.has(patience):
		f.held = true
		d.Reason = "starting up, round trips rose once"
	case f.grew < 0.3 && f.without.has(alarm):
		f.starting = false
		f.base.last = time.Time{}
		d.Reason = "round trips rose, but not because the limit grew"
	default:
		f.endStartUp(max(w.Limit/2, conceded*w.Limit/q)+headroom(w.Limit), d)
		d.Reason = "start-up is over: round trips rose"
	}
}

// endStartUp ends it with a limit that is to be verified now.
func (f *footing) endStartUp(limit float64, d *Decision) {
	f.starting = false
	d.Limit = limit
	f.cool, f.high = 3, 0
	f.base.last = time.Time{}
}

// starving ends start-up where calls in flight come to nothing, although the middle of
// the round trips does not tell, and puts it off while they may.
func (f *footing) starving(w *Window, d *Decision) bool {
	l := &f.little
	if !f.without.has(ledger) {
		return false
	}
	if !f.starting {
		l.steady(w)
		return false
	}
	account := l.starting(w, f.grew > 0.2)
	if account == answered {
		return false
	}
	d.Value, d.Bound = l.answered/l.span, l.places/l.span/2
	d.Reason, d.Unless = "most places are held by calls that do not end", "goes on when more are answered"
	if account == stuck {
		f.endStartUp(l.bound, d)
		d.Reason = "start-up is over: most places are held by calls that time out"
	}
	return true
}

// crowd is how much more calls have come to be in flight of late. What ends first of
// them is what is quick, so that a short window then says too little.
type crowd struct {
	grew   float64 // as a logarithm, forgotten within four round trips
	known  bool
	closed Instant // of the last window
	size   float64 // logarithm of the calls in flight then
}

// early takes in a window and reports whether the slow ones of the new calls have not
// come round in it.
func (c *crowd) early(w *Window, s statistic) bool {
	size := math.Log(max(1, float64(w.InFlight)))
	if c.known {
		c.grew *= math.Exp(-float64(w.Closed-c.closed) / (4 * s.rtt))
		c.grew = max(0, c.grew+size-c.size)
	}
	c.known, c.closed, c.size = true, w.Closed, size
	return c.grew > 0.3 && float64(w.Length()) < 2*s.rtt
}
