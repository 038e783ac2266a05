package adaptive

import "math"

// statistic is what a law makes of a histogram of round trips: a centre that
// neither the first quick answers nor a slow, censored tail moves much, and how
// sure it is. See docs/law.md.
type statistic struct {
	rtt float64 // mean of the round trips between the quantiles 0.2 and 0.7, in nanoseconds
	v   float64 // variance of ln rtt
	n   int
}

func statisticOf(h *Histogram) statistic {
	s := statistic{n: h.Count()}
	if s.n == 0 {
		return s
	}
	a, b := h.c.Quantile(0.2), h.c.Quantile(0.7)
	s.rtt = h.c.MeanBetween(0.2, 0.7)
	spread := (b - a) / s.rtt
	s.v = spread * spread / float64(s.n)
	return s
}

// clamp returns x within low and high.
func clamp(x, low, high float64) float64 { return math.Min(math.Max(x, low), high) }
