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
	d, s, ok := a.decide(&w)
	if ok {
		return d
	}
	q, se := a.base.ratio(s), a.base.sigma(s)
	d.Value, d.Bound = q, a.Tolerance+se
	switch {
	case q > a.Tolerance+se:
		if a.starting {
			// The doubling overshot: what is beyond the knee only queues.
			d.Limit = max(w.Limit/2, w.Limit/q) + headroom(w.Limit)
		} else {
			d.Limit = w.Limit * a.Backoff
		}
		a.starting = false
		d.Reason, d.Unless = "round trips above tolerance", "grows at or below the bound"
	case a.starting:
		d.Limit = 2 * w.Limit
		d.Reason, d.Unless = "starting up", "stops doubling above the bound"
	default:
		d.Limit = w.Limit + a.Increase
		d.Reason, d.Unless = "round trips within tolerance", "cuts above the bound"
	}
	return a.next(&w, s, d)
}
