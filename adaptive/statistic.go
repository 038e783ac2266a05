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

// statisticOf is of the round trips in h and of pending more, which are longer than all
// of those.
func statisticOf(h *Histogram, pending int) statistic {
	s := statistic{n: h.Count()}
	if s.n == 0 {
		return s
	}
	all := float64(s.n+pending) / float64(s.n)
	low, high := min(1, 0.2*all), min(1, 0.7*all)
	a, b := h.c.Quantile(low), h.c.Quantile(high)
	if s.rtt = b; low < high {
		s.rtt = h.c.MeanBetween(low, high)
	}
	spread := (b - a) / s.rtt
	s.v = spread * spread / float64(s.n)
	return s
}

// clamp returns x within low and high.
func clamp(x, low, high float64) float64 { return math.Min(math.Max(x, low), high) }
