package adaptive

import (
	"math"
	"time"
)

// ramp restores a limit after an outage, whatever the law: it takes the law's
// place, doubles the limit each window while round trips stay near what they
// were, and hands over when the limit is back or the downstream says enough.
type ramp struct {
	target float64
	usual  time.Duration // round trip before the outage; 0 if unknown
	over   bool
}

// rampTolerance is how much longer than usual round trips may be while the limit
// is doubled, and a standard error of theirs beyond: see docs/law.md.
const rampTolerance = 1.3

func newRamp(target float64, usual int64) *ramp {
	return &ramp{target: target, usual: time.Duration(usual)}
}

// collect asks for one generation of calls under limit.
func (r *ramp) collect(limit float64) Collect {
	return Collect{Settle: r.usual, Samples: max(4, int(limit)), TimeOuts: 3}
}

// Update implements [Controller].
func (r *ramp) Update(w Window) Decision {
	rtt := w.Latency.Quantile(0.5)
	q := 1.0
	if r.usual > 0 {
		q = float64(rtt) / float64(r.usual)
	}
	bound := rampTolerance + math.Sqrt(statisticOf(w.Latency, 0).v)
	d := Decision{Limit: w.Limit, Value: q, Bound: bound}
	switch {
	case w.Overload() > 0.2:
		r.over = true
		d.Limit, d.Value, d.Bound = w.Limit/2, w.Overload(), 0.2
		d.Reason, d.Unless = "overload while the limit is restored", "doubles without refusals and time-outs"
	case q > bound:
		r.over = true
		d.Reason, d.Unless = "round trips above usual while the limit is restored", "doubles below the bound"
	default:
		d.Limit = min(2*w.Limit, r.target)
		r.over = d.Limit >= r.target
		d.Reason, d.Unless = "restoring the limit from before the outage", "stops if round trips grow or calls are refused"
	}
	d.Next = r.collect(d.Limit)
	return d
}
