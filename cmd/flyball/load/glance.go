package load

import "time"

// A Glance is how a step is going, for who is looking. Only what has ended by then
// is in it.
type Glance struct {
	Rate     float64
	Elapsed  time.Duration
	Goodput  float64 // calls that ended well in the last second, or since the start
	P50, P99 time.Duration
	Errors   float64 // share of the calls that were sent
	Rejected float64 // share of the calls that were offered
	InFlight int
}

// Glance looks at the step that is being held, and reports false if there is none.
// It may be called at any time.
func (g *Generator) Glance() (Glance, bool) {
	t := g.now.Load()
	if t == nil {
		return Glance{}, false
	}
	return t.glance(), true
}

func (t *tally) glance() Glance {
	elapsed := time.Since(t.begin)
	t.mu.Lock()
	defer t.mu.Unlock()
	g := Glance{Rate: t.step.Rate, Elapsed: elapsed, InFlight: t.inFlight}
	span := min(elapsed, time.Second)
	recent := 0
	for i := len(t.ends) - 1; i >= 0 && t.ends[i] > elapsed-span; i-- {
		recent++
	}
	if span > 0 {
		g.Goodput = float64(recent) / span.Seconds()
	}
	if t.waited.N() > 0 {
		g.P50, g.P99 = time.Duration(t.waited.Quantile(0.5)), min(time.Duration(t.waited.Quantile(0.99)), t.waited.max)
	}
	failed := uint64(0)
	for _, n := range t.step.Errors {
		failed += n
	}
	if t.step.Sent > 0 {
		g.Errors = float64(failed) / float64(t.step.Sent)
	}
	if offered := t.step.Offered(); offered > 0 {
		g.Rejected = t.step.RejectedShare()
	}
	return g
}
