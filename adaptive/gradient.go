package adaptive

import "math"

// Gradient multiplies the limit with how far round trips are above the baseline,
// and adds room for a queue of its own order of a square root, as Netflix's Gradient2
// does; but its baseline is the one that probes measure and not an average of
// the past, which a queue that stays becomes a part of.
type Gradient struct {
	Tolerance float64 // round trip over the baseline that is conceded; 0 means 1.1
	Smoothing float64 // share of the way to the new limit that a window goes, up to 1; 0 means 0.5
}

func (g Gradient) withDefaults() Gradient {
	return Gradient{or(g.Tolerance, 1.1), or(g.Smoothing, 0.5)}
}

// New implements [Law].
func (g Gradient) New() Controller { return &gradient{Gradient: g.withDefaults()} }

// String is the law as [ParseLaw] reads it.
func (g Gradient) String() string { return lawString("gradient", g, Gradient{}) }

type gradient struct {
	Gradient
	footing
}

// Update implements [Controller].
func (g *gradient) Update(w Window) Decision {
	d, s, steer := g.decide(&w)
	if !steer {
		return d
	}
	q, bound := g.base.ratio(s), g.Tolerance*math.Exp(g.base.sigma(s))
	room := headroom(w.Limit)
	target := w.Limit*clamp(bound/q, 0.5, 1) + room
	d.Limit = w.Limit + g.Smoothing*(target-w.Limit)
	// Where the limit would rest: what is conceded, and what the room adds to it.
	d.Value, d.Bound = q, bound/max(1-room/w.Limit, 0.1)
	if d.Limit < w.Limit {
		d.Reason, d.Unless = "gradient of the round trips too steep", "grows below the bound"
	} else {
		d.Reason, d.Unless = "gradient of the round trips flat enough", "cuts above the bound"
	}
	return g.finish(&w, s, d)
}
