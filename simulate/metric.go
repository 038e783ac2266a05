package simulate

import (
	"fmt"
	"strconv"
	"time"

	"github.com/flyball-go/flyball/internal/strict"
)

// unit is what a metric is measured in.
type unit uint8

const (
	inSeconds unit = iota
	asShare        // from 0 to 1
	asRatio        // from 0 on
	perSecond
	inCalls
)

// A metric is a number that a Result has. docs/metrics.md lists them all.
type metric struct {
	name   string
	unit   unit
	of     func(r *Result) (x float64, ok bool)         // in the whole run; not ok if there is no such number
	in     func(r *Result, s span) (x float64, ok bool) // in some of its bins; nil if those do not tell
	pooled bool                                         // in needs a Window
}

// recovery is not among metrics because it needs an instant and the oracle.
var recovery = metric{name: "recovery", unit: inSeconds}

var metrics = makeMetrics()

func makeMetrics() []metric {
	ms := []metric{
		{name: "score", unit: asShare, of: always(func(r *Result) float64 { return r.Score })},
		{
			name: "goodput", unit: perSecond, of: always(func(r *Result) float64 { return r.Goodput }),
			in: averaged(func(s *Series) []float64 { return s.Goodput }),
		},
		{
			name: "offered", unit: perSecond, of: func(r *Result) (float64, bool) {
				length := r.Series.Bin * Bins
				return float64(r.Offered) / length, length > 0
			},
			in: averaged(func(s *Series) []float64 { return s.Offered }),
		},
		ofCalls("rejected", func(r *Result) uint64 { return r.Rejected }, func(s *Series) []float64 { return s.Rejected }),
		ofCalls("late", func(r *Result) uint64 { return r.Late }, func(s *Series) []float64 { return s.Late }),
		ofCalls("refused", func(r *Result) uint64 { return r.Refused }, func(s *Series) []float64 { return s.Refused }),
		ofCalls("failed", func(r *Result) uint64 { return r.Failed }, nil),
		{name: "amplification", unit: asRatio, of: func(r *Result) (float64, bool) { return r.amplification(), r.Offered > 0 }},
		{name: "trips", unit: inCalls, of: always(func(r *Result) float64 { return float64(r.Trips) })},
		{name: "wasted", unit: asShare, of: func(r *Result) (float64, bool) { return r.wastedShare(), r.Served+r.Wasted > 0 }},
		{name: "makespan", unit: inSeconds, of: func(r *Result) (float64, bool) {
			if r.Makespan == nil {
				return 0, false
			}
			return *r.Makespan, true
		}},
		{name: "fairness", unit: asShare, of: func(r *Result) (float64, bool) { return r.Fairness, r.Fairness > 0 }},
		{
			name: "oscillation", unit: asRatio, in: (*Result).oscillation,
			of: func(r *Result) (float64, bool) { return r.oscillation(span{0, len(r.Series.Limit)}) },
		},
		{
			name: "overshoot", unit: asRatio, in: (*Result).overshoot,
			of: func(r *Result) (float64, bool) { return r.overshoot(span{0, len(r.Series.Limit)}) },
		},
	}
	var rtts []metric
	for _, q := range quantileNames {
		name := q.name
		if q.long {
			name = "latency." + name
		}
		ms = append(ms, metric{
			name: name, unit: inSeconds, pooled: true,
			of: func(r *Result) (float64, bool) { return q.of(&r.Latency), r.Latency.Count > 0 },
			in: func(r *Result, s span) (float64, bool) {
				w := r.during(s)
				if w == nil || w.Count == 0 {
					return 0, false
				}
				return q.of(w), true
			},
		})
		rtts = append(rtts, metric{
			name: "rtt." + q.name, unit: inSeconds,
			of: func(r *Result) (float64, bool) { return q.of(&r.RTT), r.RTT.Count > 0 },
		})
	}
	ms = append(ms, rtts...)
	ms = append(ms, ofLevel("limit", func(r *Result) *Level { return r.Limit }, func(s *Series) []float64 { return s.Limit })...)
	ms = append(ms, ofLevel("in-flight", func(r *Result) *Level { return &r.InFlight }, func(s *Series) []float64 { return s.InFlight })...)
	return append(ms, ofLevel("queue", func(r *Result) *Level { return &r.Queue }, func(s *Series) []float64 { return s.Queue })...)
}

var quantileNames = []struct {
	name string
	long bool // the name alone does not say that it is a latency
	of   func(*Quantiles) float64
}{
	{"p50", false, func(q *Quantiles) float64 { return q.P50 }},
	{"p90", false, func(q *Quantiles) float64 { return q.P90 }},
	{"p95", false, func(q *Quantiles) float64 { return q.P95 }},
	{"p99", false, func(q *Quantiles) float64 { return q.P99 }},
	{"p99.9", false, func(q *Quantiles) float64 { return q.P999 }},
	{"mean", true, func(q *Quantiles) float64 { return q.Mean }},
	{"max", true, func(q *Quantiles) float64 { return q.Max }},
}

func always(f func(*Result) float64) func(*Result) (float64, bool) {
	return func(r *Result) (float64, bool) { return f(r), true }
}

// averaged is the mean of bins.
func averaged(f func(*Series) []float64) func(*Result, span) (float64, bool) {
	return func(r *Result, s span) (float64, bool) {
		values := f(&r.Series)
		if s.len() < 1 || s.to > len(values) {
			return 0, false
		}
		return mean(values[s.from:s.to]), true
	}
}

// ofCalls is how many of the calls offered ended in one way.
func ofCalls(name string, total func(*Result) uint64, series func(*Series) []float64) metric {
	m := metric{name: name, unit: asShare}
	m.of = func(r *Result) (float64, bool) { return ratio(total(r), r.Offered), r.Offered > 0 }
	if series == nil {
		return m
	}
	part, whole := averaged(series), averaged(func(s *Series) []float64 { return s.Offered })
	m.in = func(r *Result, s span) (float64, bool) {
		offered, ok := whole(r, s)
		if !ok || offered == 0 {
			return 0, false
		}
		x, ok := part(r, s)
		return x / offered, ok
	}
	return m
}

// ofLevel are the four numbers of a level. Of some of the bins only the mean is
// known: what a bin has is a mean too.
func ofLevel(name string, level func(*Result) *Level, series func(*Series) []float64) []metric {
	parts := []struct {
		name string
		of   func(*Level) float64
	}{
		{"mean", func(l *Level) float64 { return l.Mean }},
		{"min", func(l *Level) float64 { return l.Min }},
		{"max", func(l *Level) float64 { return l.Max }},
		{"mode", func(l *Level) float64 { return l.Mode }},
	}
	var ms []metric
	for _, p := range parts {
		m := metric{name: name + "." + p.name, unit: inCalls}
		m.of = func(r *Result) (float64, bool) {
			l := level(r)
			if l == nil {
				return 0, false
			}
			return p.of(l), true
		}
		if p.name == "mean" {
			m.in = averaged(series)
		}
		ms = append(ms, m)
	}
	return ms
}

func metricNamed(name string) *metric {
	for i := range metrics {
		if metrics[i].name == name {
			return &metrics[i]
		}
	}
	return nil
}

// MetricNames returns the names that [Result.Metric] and assertions know.
func MetricNames() []string {
	names := make([]string, len(metrics))
	for i, m := range metrics {
		names[i] = m.name
	}
	return names
}

// Metric returns a number of r by its name, times in seconds, shares from 0 to 1.
// It is an error if r has no such number, as a run without a limit has no
// limit.mean.
func (r *Result) Metric(name string) (float64, error) {
	m := metricNamed(name)
	if m == nil {
		return 0, fmt.Errorf("simulate: unknown metric %q, must be %s", name, strict.OneOf(MetricNames()))
	}
	x, ok := m.of(r)
	if !ok {
		return 0, fmt.Errorf("simulate: guard %s at seed %d has no %s", r.Guard, r.Seed, name)
	}
	return x, nil
}

// format writes x as an assertion would.
func (u unit) format(x float64) string {
	number := func(x float64) string { return strconv.FormatFloat(x, 'g', 4, 64) }
	switch u {
	case inSeconds:
		d, _ := strconv.ParseFloat(number(x*1e9), 64)
		return time.Duration(d).String()
	case asShare:
		return number(100*x) + "%"
	case perSecond:
		return number(x) + "/s"
	}
	return number(x)
}
