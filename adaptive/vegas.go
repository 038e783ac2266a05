package adaptive

import "math"

// Vegas estimates how many calls queue in the downstream, limit × (1 − baseline /
// round trip), and keeps that between two bounds, as TCP Vegas does with its
// window. Both bounds grow with log10 of the limit, as in Netflix's Vegas.
type Vegas struct {
	Alpha float64 // queue below which the limit grows, per decade of the limit; 0 means 2
	Beta  float64 // queue above which it is cut, per decade of the limit; 0 means 4
}

func (v Vegas) withDefaults() Vegas { return Vegas{or(v.Alpha, 2), or(v.Beta, 4)} }

// New implements [Law].
func (v Vegas) New() Controller { return &vegas{Vegas: v.withDefaults()} }

// String is the law as [ParseLaw] reads it.
func (v Vegas) String() string { return lawString("vegas", v, Vegas{}) }

type vegas struct {
	Vegas
	footing
}

// Update implements [Controller].
func (v *vegas) Update(w Window) Decision {
	d, s, steer := v.decide(&w)
	if !steer {
		return d
	}
	decades := max(0.5, math.Log10(w.Limit))
	// The estimate is given the benefit of its standard error.
	queue := w.Limit * (1 - math.Exp(v.base.sigma(s))/v.base.ratio(s))
	alpha, beta := v.Alpha*decades, v.Beta*decades
	d.Value = queue
	switch {
	case queue > beta:
		// Half of what is too much at once, or a log10 step: a limit far above the
		// knee comes down in a few windows, one near it is not thrown about.
		d.Limit = max(w.Limit-max(decades, (queue-(alpha+beta)/2)/2), w.Limit/2)
		d.Bound, d.Reason, d.Unless = beta, "queue estimate above beta", "holds at or below it"
	case queue < alpha:
		d.Limit = w.Limit + decades
		d.Bound, d.Reason, d.Unless = alpha, "queue estimate below alpha", "holds at or above it"
	default:
		d.Bound, d.Reason, d.Unless = beta, "queue estimate between alpha and beta", "grows below alpha, cuts above beta"
	}
	return v.finish(&w, s, d)
}
