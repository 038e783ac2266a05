package trace

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Stats are the figures of a trace. Rates and gaps leave out the pauses between
// runs, and are 0 where there are no arrivals or too few.
type Stats struct {
	Count   int64         // calls, or samples of an HLog
	Span    time.Duration // from the first arrival to the last; of an HLog, to the end of the last interval
	Active  time.Duration // Span without the pauses between runs
	Rate    float64       // mean, in calls per second
	CV2     float64       // squared coefficient of variation of the gaps between arrivals: 0 is a metronome, 1 is Poisson
	Busiest int           // most arrivals within one second, wherever it begins

	P50, P90, P95, P99, Max time.Duration // of latencies
}

// Stats computes the figures of t; it walks through all records.
func (t *Trace) Stats() Stats {
	d := t.Latencies()
	s := Stats{
		Count: int64(len(t.Records)), Span: t.span,
		P50: d.Quantile(0.5), P90: d.Quantile(0.9), P95: d.Quantile(0.95), P99: d.Quantile(0.99), Max: d.Quantile(1),
	}
	for _, r := range t.Runs {
		s.Active += r.Span
	}
	if t.Records == nil {
		s.Count = d.Count()
		return s
	}
	s.Busiest = t.busiest()
	gaps := len(t.Records) - len(t.Runs)
	if s.Active == 0 || gaps == 0 {
		return s
	}
	s.Rate = float64(gaps) / s.Active.Seconds()
	mean := float64(s.Active) / float64(gaps)
	var squares float64
	for _, r := range t.Runs {
		for i := r.First + 1; i < r.First+r.Count; i++ {
			off := float64(t.Records[i].At-t.Records[i-1].At) - mean
			squares += off * off
		}
	}
	s.CV2 = squares / float64(gaps) / (mean * mean)
	return s
}

func (t *Trace) busiest() int {
	most, first := 0, 0
	for i, r := range t.Records {
		for r.At-t.Records[first].At >= int64(time.Second) {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// Summary is one line: what was read, and the figures that say what it is good for.
func (t *Trace) Summary() string {
	s := t.Stats()
	parts := []string{fmt.Sprintf("%s: %s, %d calls in %v", printable(t.Name), t.Format, s.Count, rounded(s.Span))}
	if t.Records == nil {
		parts[0] = fmt.Sprintf("%s: %s, %d intervals, %d samples in %v", printable(t.Name), t.Format, t.Intervals, s.Count, rounded(s.Span))
	}
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if !t.Start.IsZero() {
		add("from %s", t.Start.Format("2006-01-02 15:04:05 MST"))
	}
	if len(t.Runs) > 1 {
		add("%d runs (pauses of %v left out)", len(t.Runs), rounded(s.Span-s.Active))
	}
	if s.Rate > 0 {
		add("mean %.3f/s, inter-arrival cv² %.3f, busiest second %d", s.Rate, s.CV2, s.Busiest)
	}
	if t.Records != nil && t.Resolution >= time.Second {
		add("stamps to the second only")
	}
	if s.Max > 0 {
		add("latency p50 %v p95 %v p99 %v max %v", s.P50, s.P95, s.P99, s.Max)
	}
	if t.Failed > 0 {
		add("%d failed", t.Failed)
	}
	if t.Skipped > 0 {
		add("%d transaction totals skipped", t.Skipped)
	}
	if t.Callers > 0 {
		add("closed loop of %d callers", t.Callers)
	}
	return strings.Join(parts, ", ")
}

func rounded(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

// runs cuts n points in time, of which the i-th is at(i), at pauses.
func runs(n int, at func(i int) int64, pause time.Duration) []Run {
	if pause == 0 {
		pause = usualPause(n, at)
	}
	cut := []Run{{}}
	for i := range n {
		r := &cut[len(cut)-1]
		if i > 0 && at(i)-at(i-1) > int64(pause) {
			cut = append(cut, Run{First: i, Start: time.Duration(at(i))})
			r = &cut[len(cut)-1]
		}
		r.Count++
		r.Span = time.Duration(at(i)) - r.Start
	}
	return cut
}

// usualPause keeps a trace of rare calls in one piece.
func usualPause(n int, at func(i int) int64) time.Duration {
	var gaps []int64
	var longest int64
	for i := 1; i < n; i++ {
		longest = max(longest, at(i)-at(i-1))
	}
	if longest <= int64(minPause) {
		return minPause
	}
	for i := 1; i < n; i++ {
		gaps = append(gaps, at(i)-at(i-1))
	}
	slices.Sort(gaps)
	median := gaps[len(gaps)/2]
	if median > longest/100 {
		return time.Duration(longest)
	}
	return max(minPause, time.Duration(100*median))
}
