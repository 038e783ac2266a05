package speed

import (
	"fmt"

	"golang.org/x/perf/benchmath"
)

const confidence = 0.95

// LeastRounds are those below which no interval of two rounds holds the median with
// the confidence wanted.
const LeastRounds = 6

// estimate is a median and the interval that holds the true one with 95 % confidence.
// Both are ranks: nothing is assumed of how the rounds are distributed.
type estimate struct{ median, low, high float64 }

func estimateOf(values []float64) estimate {
	s := benchmath.AssumeNothing.Summary(benchmath.NewSample(values, &benchmath.DefaultThresholds), confidence)
	return estimate{s.Center, s.Lo, s.Hi}
}

func (e estimate) String() string {
	if e.low == e.high {
		return short(e.median)
	}
	return fmt.Sprintf("%s [%s, %s]", short(e.median), short(e.low), short(e.high))
}

// short is v to three digits, or to the whole number if that has more, but ratios near
// one always to two decimals.
func short(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// each returns f of the samples of every round.
func (m *Measured) each(s series, f func(sample) float64) []float64 {
	var out []float64
	for _, x := range m.samples[s] {
		out = append(out, f(x))
	}
	return out
}

func (s sample) time() float64        { return s.ns }
func (s sample) memory() float64      { return s.bytes }
func (s sample) allocations() float64 { return s.allocs }
func (s sample) spread() float64      { return s.fairness }

// ratio is over − less to under, each round for itself; less may be none.
func (m *Measured) ratio(group, mode, over, less, under string) (estimate, error) {
	for _, c := range []string{over, less, under} {
		if s := (series{group, mode, c}); c != "" && len(m.samples[s]) == 0 {
			return estimate{}, fmt.Errorf("%s was not measured", s)
		}
	}
	var out []float64
	for i, x := range m.samples[series{group, mode, over}] {
		ns := x.ns
		if less != "" {
			ns -= m.samples[series{group, mode, less}][i].ns
		}
		out = append(out, ns/m.samples[series{group, mode, under}][i].ns)
	}
	return estimateOf(out), nil
}
