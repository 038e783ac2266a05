package adaptive

import "math"

// Knee steers to the knee of the latency curve: the most calls in flight that
// still meet next to no queue, and a little headroom of the order of a square
// root. It has no constant in seconds and none to tune: it works from one call in
// flight to thousands, and from microseconds to minutes. See docs/law.md.
type Knee struct {
	without parts // for ablation only
}

// New implements [Law].
func (k Knee) New() Controller {
	c := &knee{}
	c.without, c.base.without = k.without, k.without
	return c
}

// String is the law as [ParseLaw] reads it.
func (k Knee) String() string {
	if k.without != 0 {
		return "knee:without=" + k.without.String()
	}
	return "knee"
}

type knee struct {
	footing
	streak int // windows in a row near the baseline
}

// Update implements [Controller].
func (k *knee) Update(w Window) Decision {
	d, s, steer := k.decide(&w)
	if !steer {
		if d.Limit < w.Limit {
			k.streak = 0
		}
		return d
	}
	q, sigma := k.base.ratio(s), k.base.sigma(s)
	if q <= conceded+sigma {
		k.streak++
	} else {
		k.streak = 0
	}
	// The more windows go without a queue, the further out the knee may be.
	room := headroom(w.Limit) * math.Exp2(clamp(float64(k.streak-2), 0, 12))
	target := w.Limit*min(1, conceded/q*math.Exp(0.7*sigma)) + room
	d.Limit = min(w.Limit+(target-w.Limit)/2, 2*w.Limit)
	// Where the limit would rest: what is conceded, and what the headroom adds to it.
	d.Value, d.Bound = q, conceded*math.Exp(0.7*sigma)/max(1-room/w.Limit, 0.1)
	if d.Limit < w.Limit {
		d.Reason, d.Unless = "round trips too far above the baseline", "grows below the bound"
	} else {
		d.Reason, d.Unless = "round trips near enough to the baseline", "cuts above the bound"
	}
	return k.finish(&w, s, d)
}
