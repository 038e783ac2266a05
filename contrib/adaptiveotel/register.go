package adaptiveotel

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/flyball-go/flyball/adaptive"
)

// Register makes the instruments on meter and has it read reporters at each
// collection, until the registration is taken back with Unregister. The error has all faults of
// reporters joined: each needs a name, in Config.Name, that no other has. Give a limiter
// behind a breaker as the breaker, which reports both.
func Register(meter metric.Meter, reporters ...adaptive.Reporter) (metric.Registration, error) {
	if err := check(reporters); err != nil {
		return nil, err
	}
	reporters = slices.Clone(reporters)
	m := maker{meter: meter}
	measures := m.all()
	if err := errors.Join(m.faults...); err != nil {
		return nil, err
	}
	return meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for _, reporter := range reporters {
			r := reporter.Report()
			name := attribute.String("flyball.limiter.name", r.Name)
			for _, measure := range measures {
				measure(o, &r, name)
			}
		}
		return nil
	}, m.made...)
}

func check(reporters []adaptive.Reporter) error {
	var faults []error
	seen := map[string]int{}
	for i, r := range reporters {
		name := r.Report().Name
		switch other, taken := seen[name]; {
		case name == "":
			faults = append(faults, fmt.Errorf("adaptiveotel: limiter %d has no Name, which its metrics need as attribute", i+1))
		case taken:
			faults = append(faults, fmt.Errorf("adaptiveotel: limiters %d and %d are both named %q; one of them needs another Name", other+1, i+1, name))
		default:
			seen[name] = i
		}
	}
	return errors.Join(faults...)
}

// A measure observes what one instrument shows of a report.
type measure func(metric.Observer, *adaptive.Report, attribute.KeyValue)

// maker makes instruments and keeps what went wrong.
type maker struct {
	meter  metric.Meter
	made   []metric.Observable
	faults []error
}

func (m *maker) all() []measure {
	return []measure{
		m.level("flyball.limiter.limit", "{call}", "Calls that may be in flight.", func(r *adaptive.Report) int { return r.Stats.Limit }),
		m.level("flyball.limiter.limit_min", "{call}", "Lower bound of the limit.", func(r *adaptive.Report) int { return r.Min }),
		m.level("flyball.limiter.limit_max", "{call}", "Upper bound of the limit.", func(r *adaptive.Report) int { return r.Max }),
		m.level("flyball.limiter.active_calls", "{call}", "Places taken by calls in flight.", func(r *adaptive.Report) int { return r.Stats.InFlight }),
		m.level("flyball.limiter.waiting_calls", "{call}", "Calls that wait for a place.", func(r *adaptive.Report) int { return r.Stats.Waiting }),
		m.level("flyball.limiter.queue_size", "{call}", "How many calls may wait.", func(r *adaptive.Report) int { return r.Queue }),
		m.level("flyball.limiter.unexpected", "1", "1 while reality has left what the configuration expects, else 0.", func(r *adaptive.Report) int { return one(r.Outside != "") }),

		counts[adaptive.Outcome](m, "flyball.limiter.calls", "Calls that ended, by outcome.", "flyball.outcome", func(s *adaptive.Stats) []uint64 { return s.Ended[:] }),
		counts[adaptive.RejectReason](m, "flyball.limiter.rejections", "Calls that were not sent, by reason.", "flyball.reject_reason", func(s *adaptive.Stats) []uint64 { return s.Rejected[:] }),
		counts[adaptive.RejectReason](m, "flyball.limiter.would_be_rejections", "Calls that were sent only because the limiter observes, by reason.", "flyball.reject_reason", func(s *adaptive.Stats) []uint64 { return s.WouldReject[:] }),
		m.count("flyball.limiter.blocked_calls", "{call}", "Arrivals that found no free place, whether they waited or were rejected.", func(r *adaptive.Report) (uint64, bool) { return r.Stats.Blocked, true }),
		m.count("flyball.limiter.late_ends", "{call}", "Calls that were ended again after their end.", func(r *adaptive.Report) (uint64, bool) { return r.Stats.LateEnds, true }),
		m.count("flyball.limiter.decisions_dropped", "{decision}", "Decisions that OnDecision was too slow for.", func(r *adaptive.Report) (uint64, bool) { return r.Stats.DecisionsDropped, true }),

		m.seconds("flyball.limiter.retry_after", "How much longer calls are held back as the downstream asked.", func(r *adaptive.Report) float64 { return r.Stats.RetryAfter.Seconds() }),
		m.seconds("flyball.limiter.round_trip_median", "Median round trip of late, as far as not overloaded; 0 if unknown.", func(r *adaptive.Report) float64 { return r.Median.Seconds() }),
		m.seconds("flyball.limiter.round_trip_p99", "99th percentile of round trips of late, as far as not overloaded; 0 if unknown.", func(r *adaptive.Report) float64 { return r.P99.Seconds() }),

		m.state("flyball.breaker.state", "1 for the state the circuit breaker is in, 0 for the others."),
		m.count("flyball.breaker.trips", "{trip}", "How often the circuit breaker opened by itself.", func(r *adaptive.Report) (uint64, bool) {
			if r.Breaker == nil {
				return 0, false
			}
			return r.Breaker.Opened, true
		}),
	}
}

func (m *maker) keep(i metric.Observable, err error) {
	m.made, m.faults = append(m.made, i), append(m.faults, err)
}

// level is a number that is added up over instances; so it is an up-down counter and
// no gauge.
func (m *maker) level(name, unit, text string, of func(*adaptive.Report) int) measure {
	i, err := m.meter.Int64ObservableUpDownCounter(name, metric.WithUnit(unit), metric.WithDescription(text))
	m.keep(i, err)
	return func(o metric.Observer, r *adaptive.Report, limiter attribute.KeyValue) {
		o.ObserveInt64(i, int64(of(r)), metric.WithAttributes(limiter))
	}
}

func (m *maker) count(name, unit, text string, of func(*adaptive.Report) (n uint64, there bool)) measure {
	i, err := m.meter.Int64ObservableCounter(name, metric.WithUnit(unit), metric.WithDescription(text))
	m.keep(i, err)
	return func(o metric.Observer, r *adaptive.Report, limiter attribute.KeyValue) {
		if n, there := of(r); there {
			o.ObserveInt64(i, int64(n), metric.WithAttributes(limiter))
		}
	}
}

func (m *maker) seconds(name, text string, of func(*adaptive.Report) float64) measure {
	i, err := m.meter.Float64ObservableGauge(name, metric.WithUnit("s"), metric.WithDescription(text))
	m.keep(i, err)
	return func(o metric.Observer, r *adaptive.Report, limiter attribute.KeyValue) {
		o.ObserveFloat64(i, of(r), metric.WithAttributes(limiter))
	}
}

func (m *maker) state(name, text string) measure {
	i, err := m.meter.Int64ObservableUpDownCounter(name, metric.WithUnit("1"), metric.WithDescription(text))
	m.keep(i, err)
	return func(o metric.Observer, r *adaptive.Report, limiter attribute.KeyValue) {
		if r.Breaker == nil {
			return
		}
		for _, s := range r.Breaker.States {
			o.ObserveInt64(i, int64(one(s == r.Breaker.State)), metric.WithAttributes(limiter, attribute.String("flyball.breaker.state_name", word(s))))
		}
	}
}

// counts is a counter for each word of a fixed set.
func counts[N interface {
	~uint8
	String() string
}](m *maker, name, text, by string, of func(*adaptive.Stats) []uint64) measure {
	i, err := m.meter.Int64ObservableCounter(name, metric.WithUnit("{call}"), metric.WithDescription(text))
	m.keep(i, err)
	return func(o metric.Observer, r *adaptive.Report, limiter attribute.KeyValue) {
		for k, n := range of(&r.Stats) {
			o.ObserveInt64(i, int64(n), metric.WithAttributes(limiter, attribute.String(by, word(N(k).String()))))
		}
	}
}

// word is a name as attributes have it: "timed out" is timed_out.
func word(s string) string { return strings.NewReplacer(" ", "_", "-", "_").Replace(s) }

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}
