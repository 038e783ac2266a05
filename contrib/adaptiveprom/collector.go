package adaptiveprom

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/flyball-go/flyball/adaptive"
)

// A Collector is a [prometheus.Collector] of limiters. It is safe for concurrent
// use.
type Collector struct{ reporters []adaptive.Reporter }

// New returns a Collector, or all faults of reporters joined: each needs a name,
// in Config.Name, that no other has. Give a limiter behind a breaker as the breaker, which
// reports both.
func New(reporters ...adaptive.Reporter) (*Collector, error) {
	var faults []error
	seen := map[string]int{}
	for i, r := range reporters {
		name := r.Report().Name
		switch other, taken := seen[name]; {
		case name == "":
			faults = append(faults, fmt.Errorf("adaptiveprom: limiter %d has no Name, which its metrics need as label", i+1))
		case taken:
			faults = append(faults, fmt.Errorf("adaptiveprom: limiters %d and %d are both named %q; one of them needs another Name", other+1, i+1, name))
		default:
			seen[name] = i
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return &Collector{slices.Clone(reporters)}, nil
}

// metric is one name with its values in a report.
type metric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	each func(r *adaptive.Report, value func(v float64, label ...string))
}

// number is a metric of one value.
func number(kind prometheus.ValueType, name, help string, of func(*adaptive.Report) float64) metric {
	return metric{describe(name, help), kind, func(r *adaptive.Report, value func(float64, ...string)) { value(of(r)) }}
}

// counts is a counter for each word of a fixed set.
func counts[N interface {
	~uint8
	String() string
}](name, help, label string, of func(*adaptive.Stats) []uint64) metric {
	return metric{describe(name, help, label), prometheus.CounterValue, func(r *adaptive.Report, value func(float64, ...string)) {
		for i, n := range of(&r.Stats) {
			value(float64(n), word(N(i).String()))
		}
	}}
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("flyball_"+name, help, append([]string{"limiter"}, labels...), nil)
}

// word is a name as labels have it: "timed out" is timed_out.
func word(s string) string { return strings.NewReplacer(" ", "_", "-", "_").Replace(s) }

const (
	gauge   = prometheus.GaugeValue
	counter = prometheus.CounterValue
)

var metrics = []metric{
	number(gauge, "limit", "Calls that may be in flight.", func(r *adaptive.Report) float64 { return float64(r.Stats.Limit) }),
	number(gauge, "limit_min", "Lower bound of the limit.", func(r *adaptive.Report) float64 { return float64(r.Min) }),
	number(gauge, "limit_max", "Upper bound of the limit.", func(r *adaptive.Report) float64 { return float64(r.Max) }),
	number(gauge, "in_flight", "Places taken by calls in flight.", func(r *adaptive.Report) float64 { return float64(r.Stats.InFlight) }),
	number(gauge, "waiting", "Calls that wait for a place.", func(r *adaptive.Report) float64 { return float64(r.Stats.Waiting) }),
	number(gauge, "queue_size", "How many calls may wait.", func(r *adaptive.Report) float64 { return float64(r.Queue) }),
	counts[adaptive.Outcome]("calls_total", "Calls that ended, by outcome.", "outcome", func(s *adaptive.Stats) []uint64 { return s.Ended[:] }),
	counts[adaptive.RejectReason]("rejected_total", "Calls that were not sent, by reason.", "reason", func(s *adaptive.Stats) []uint64 { return s.Rejected[:] }),
	counts[adaptive.RejectReason]("would_reject_total", "Calls that were sent only because the limiter observes, by reason.", "reason", func(s *adaptive.Stats) []uint64 { return s.WouldReject[:] }),
	number(counter, "blocked_total", "Arrivals that found no free place, whether they waited or were rejected.", func(r *adaptive.Report) float64 { return float64(r.Stats.Blocked) }),
	number(counter, "late_ends_total", "Calls that were ended again after their end.", func(r *adaptive.Report) float64 { return float64(r.Stats.LateEnds) }),
	number(counter, "decisions_dropped_total", "Decisions that OnDecision was too slow for.", func(r *adaptive.Report) float64 { return float64(r.Stats.DecisionsDropped) }),
	number(gauge, "retry_after_seconds", "How much longer calls are held back as the downstream asked.", func(r *adaptive.Report) float64 { return r.Stats.RetryAfter.Seconds() }),
	number(gauge, "round_trip_median_seconds", "Median round trip of late, as far as not overloaded; 0 if unknown.", func(r *adaptive.Report) float64 { return r.Median.Seconds() }),
	number(gauge, "round_trip_p99_seconds", "99th percentile of round trips of late, as far as not overloaded; 0 if unknown.", func(r *adaptive.Report) float64 { return r.P99.Seconds() }),
	number(gauge, "unexpected", "1 while reality has left what the configuration expects, else 0.", func(r *adaptive.Report) float64 { return one(r.Outside != "") }),
	{describe("breaker_state", "1 for the state the circuit breaker is in, 0 for the others.", "state"), gauge, func(r *adaptive.Report, value func(float64, ...string)) {
		if b := r.Breaker; b != nil {
			for _, s := range b.States {
				value(one(s == b.State), word(s))
			}
		}
	}},
	{describe("breaker_opened_total", "How often the circuit breaker opened by itself."), counter, func(r *adaptive.Report, value func(float64, ...string)) {
		if b := r.Breaker; b != nil {
			value(float64(b.Opened))
		}
	}},
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// Describe implements [prometheus.Collector].
func (c *Collector) Describe(out chan<- *prometheus.Desc) {
	for _, m := range metrics {
		out <- m.desc
	}
}

// Collect implements [prometheus.Collector]. All numbers of a limiter are of one
// report.
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	for _, reporter := range c.reporters {
		r := reporter.Report()
		for _, m := range metrics {
			m.each(&r, func(v float64, label ...string) {
				out <- prometheus.MustNewConstMetric(m.desc, m.kind, v, append([]string{r.Name}, label...)...)
			})
		}
	}
}
