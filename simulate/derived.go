package simulate

import "math"

// Derived is how a guard behaved, worked out from the rest of a Result by judge.
// docs/metrics.md has the definitions.
type Derived struct {
	Amplification float64       `json:"amplification"`        // attempts sent for each call offered
	WastedShare   float64       `json:"wastedShare"`          // of the work that the downstream finished, for callers that had left
	Oscillation   float64       `json:"oscillation"`          // of the limit: its moves per second, as a share of its mean; 0 without one
	Overshoot     float64       `json:"overshoot"`            // of the limit over the whole run, as a share of where it settled; 0 without one
	Recoveries    []Convergence `json:"recoveries,omitempty"` // from the first end of each fault that ends within the run
}

func (r *Result) derive(sc *Scenario, o *Result) {
	whole := span{0, len(r.Series.Limit)}
	r.Derived = Derived{Amplification: r.amplification(), WastedShare: r.wastedShare()}
	r.Oscillation, _ = r.oscillation(whole)
	r.Overshoot, _ = r.overshoot(whole)
	for i := range sc.Faults {
		if end, ok := sc.Faults[i].ends(); ok && end < sc.Duration {
			r.Recoveries = append(r.Recoveries, r.converged(end.Seconds(), sc.Duration.Seconds(), o))
		}
	}
}

func (r *Result) amplification() float64 { return ratio(r.Admitted, r.Offered) }

func (r *Result) wastedShare() float64 { return ratio(r.Wasted, r.Served+r.Wasted) }

// ratio is 0 of nothing.
func ratio(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// oscillation is the total variation of the limit, bin by bin, per second and per
// call of its mean. It is false without a limit or if there is but one bin.
func (r *Result) oscillation(s span) (float64, bool) {
	if r.Limit == nil || s.len() < 2 {
		return 0, false
	}
	limit := r.Series.Limit[s.from:s.to]
	moved, sum := 0.0, limit[0]
	for i := 1; i < len(limit); i++ {
		moved += math.Abs(limit[i] - limit[i-1])
		sum += limit[i]
	}
	if sum <= 0 {
		return 0, false // a breaker can keep a limit at 0
	}
	return moved / (float64(len(limit)-1) * r.Series.Bin) / (sum / float64(len(limit))), true
}

// settledShare is how much of a span, at its end, tells where a limit settles.
const settledShare = 0.25

// overshoot is how far the limit went beyond where it settled, the mean of the
// last quarter of the span, on the side it was moving to from the bin before. At
// the start of a run that is upwards.
func (r *Result) overshoot(s span) (float64, bool) {
	if r.Limit == nil || s.len() < 2 {
		return 0, false
	}
	limit := r.Series.Limit[s.from:s.to]
	last := limit[len(limit)-max(1, int(settledShare*float64(len(limit)))):]
	settled := mean(last)
	if settled <= 0 {
		return 0, false
	}
	before := 0.0
	if s.from > 0 {
		before = r.Series.Limit[s.from-1]
	}
	beyond := 0.0
	for _, x := range limit {
		if before > settled {
			beyond = max(beyond, settled-x)
		} else {
			beyond = max(beyond, x-settled)
		}
	}
	return beyond / settled, true
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, x := range values {
		sum += x
	}
	return sum / float64(len(values))
}
