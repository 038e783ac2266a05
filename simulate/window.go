package simulate

import (
	"math"
	"slices"
	"time"
)

// A Window is a stretch of a run that an assertion asks for, and the latencies in
// it, which a Series cannot be asked for: quantiles do not add up.
type Window struct {
	From    float64   `json:"from"` // seconds, as To: bounds of the bins of Series that it has
	To      float64   `json:"to"`
	Latency Quantiles `json:"latency"` // of attempts that ended in it
}

// span is the bins from one to the one before another.
type span struct{ from, to int }

func (s span) len() int { return s.to - s.from }

// spanOf is the bins that lie within a stretch of the run as a whole.
func (s *Scenario) spanOf(from, to time.Duration) span {
	bin := s.Duration.Seconds() / Bins
	return span{
		int(math.Ceil(from.Seconds()/bin - 1e-9)),
		min(Bins, int(math.Floor(to.Seconds()/bin+1e-9))),
	}
}

// spans are the windows in which assertions ask for latencies, each once.
func (s *Scenario) spans() []span {
	var out []span
	for i := range s.Assert {
		a := &s.Assert[i]
		if a.metric == nil || !a.metric.pooled || a.window == nil {
			continue
		}
		w, err := a.window.span(s)
		if err == nil && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// measured is spans as data, in order.
func (s *Scenario) measured() [][2]int {
	var out [][2]int
	for _, w := range s.spans() {
		out = append(out, [2]int{w.from, w.to})
	}
	slices.SortFunc(out, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
	return out
}

// window collects latencies bin by bin.
type window struct {
	span
	latency spread
}

func newWindows(sc *Scenario) []window {
	var out []window
	for _, s := range sc.spans() {
		out = append(out, window{s, newSpread()})
	}
	return out
}

// closeWindows adds the bin that is about to be closed to the windows it is in.
func (m *meter) closeWindows() {
	bin := len(m.series.Offered)
	for i := range m.windows {
		if w := &m.windows[i]; bin >= w.from && bin < w.to {
			w.latency.counts.Merge(m.binLatency.counts)
			w.latency.sum += m.binLatency.sum
			w.latency.max = max(w.latency.max, m.binLatency.max)
		}
	}
}

func (m *meter) windowResults() []Window {
	var out []Window
	for i := range m.windows {
		w := &m.windows[i]
		out = append(out, Window{
			From: float64(w.from) * m.series.Bin, To: float64(w.to) * m.series.Bin,
			Latency: w.latency.quantiles(),
		})
	}
	return out
}

// during finds what was measured in a window.
func (r *Result) during(s span) *Quantiles {
	for i := range r.Windows {
		w := &r.Windows[i]
		if w.From == float64(s.from)*r.Series.Bin && w.To == float64(s.to)*r.Series.Bin {
			return &w.Latency
		}
	}
	return nil
}
