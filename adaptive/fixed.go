package adaptive

import "strconv"

// Fixed never moves: the limit stays at Limit, within Min and Max. 0 means
// Config.Initial.
type Fixed struct{ Limit int }

// New implements [Law].
func (f Fixed) New() Controller { return f }

// String is the law as [ParseLaw] reads it.
func (f Fixed) String() string {
	if f.Limit == 0 {
		return "fixed"
	}
	return "fixed:" + strconv.Itoa(f.Limit)
}

// Update implements [Controller].
func (f Fixed) Update(w Window) Decision {
	d := Decision{Limit: w.Limit, Reason: "fixed limit", Unless: "moves only by SetLimit"}
	if f.Limit > 0 {
		d.Limit = clamp(float64(f.Limit), w.Min, w.Max)
	}
	d.Next.Samples = 100 // nothing to decide; this only keeps the usual round trip up to date
	return d
}
