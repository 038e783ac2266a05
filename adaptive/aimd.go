package adaptive

// AIMD adds to the limit while calls answer quickly and multiplies it down when
// they queue, time out or are refused, as TCP Reno does with its window.
type AIMD struct {
	Increase  float64 // added per window in which the limit is used; 0 means 1
	Backoff   float64 // factor when round trips exceed Tolerance, within 0 and 1; 0 means 0.9
	Tolerance float64 // round trip over the baseline above which calls are taken to queue; 0 means 1.4
}

func (a AIMD) withDefaults() AIMD {
	return AIMD{or(a.Increase, 1), or(a.Backoff, 0.9), or(a.Tolerance, 1.4)}
}

// New implements [Law].
func (a AIMD) New() Controller { return &aimd{AIMD: a.withDefaults()} }

// String is the law as [ParseLaw] reads it.
func (a AIMD) String() string { return lawString("aimd", a, AIMD{}) }

type aimd struct {
	AIMD
	footing
}

// Update implements [Controller].
func (a *aimd) Update(w Window) Decision {
	d, s, steer := a.decide(&w)
	if !steer {
		return d
	}
	q, bound := a.base.ratio(s), a.Tolerance+a.base.sigma(s)
	d.Value, d.Bound = q, bound
	if q > bound {
		d.Limit = w.Limit * a.Backoff
		d.Reason, d.Unless = "round trips above tolerance", "grows at or below the bound"
	} else {
		d.Limit = w.Limit + a.Increase
		d.Reason, d.Unless = "round trips within tolerance", "cuts above the bound"
	}
	return a.finish(&w, s, d)
}
