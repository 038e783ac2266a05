package doctor

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/adaptive/configfile"
	"github.com/flyball-go/flyball/breaker"
)

// A Chart is what is examined: a configuration, and what is known of where it is
// used.
type Chart struct {
	Limiter     adaptive.Config
	Breaker     *breaker.Config // nil means none
	Gobreaker   *Gobreaker      // a breaker of sony/gobreaker, with or in place of Breaker; nil means none
	Expected    adaptive.Envelope
	Environment Environment
}

// Environment is what a configuration cannot know. Numbers are of usual times.
type Environment struct {
	Traffic  float64       // calls per second of one replica
	Quiet    float64       // the same when there are fewest, as at night; 0 means Traffic
	Replicas int           // of the client, which share the downstream; 0 means 1
	Capacity int           // calls that the downstream works on at once, for all replicas, without a queue
	Latency  time.Duration // typical round trip of a call that need not queue
	Deadline time.Duration // patience of a caller, from the start of a call
	Pool     int           // connections that one replica may have, such as MaxConnsPerHost or MaxConns; 0 means no bound
	Outage   time.Duration // shortest outage that the breaker is there for; 0 means 30 s, or 20 round trips or 20 calls at the quietest time if that is longer
	Recovery time.Duration // how long the downstream takes to come back, as for a restart; 0 means at once
}

const (
	defaultOutage = 30 * time.Second
	longest       = 24 * time.Hour
	mostReplicas  = 100_000
	mostTraffic   = 1e6
)

// WithDefaults returns e with each zero field that stands for something replaced
// by it.
func (e Environment) WithDefaults() Environment {
	if e.Quiet == 0 {
		e.Quiet = e.Traffic
	}
	if e.Replicas == 0 {
		e.Replicas = 1
	}
	if e.Outage == 0 {
		e.Outage = max(defaultOutage, 20*e.Latency, roundUp(seconds(20/e.Quiet)))
	}
	return e
}

// Validate returns all faults of e, joined, or nil.
func (e Environment) Validate() error {
	if e == (Environment{}) {
		return nil // of a file without it
	}
	var faults []error
	must := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf("environment: "+format, args...))
		}
	}
	must(e.Traffic > 0 && e.Traffic <= mostTraffic, "Traffic is %v, must be the calls per second of one replica, above 0 and at most %v", e.Traffic, mostTraffic)
	must(e.Quiet == 0 || e.Quiet > 0 && e.Quiet <= e.Traffic, "Quiet is %v, must be above 0 and at most Traffic, or 0 for the same", e.Quiet)
	must(e.Replicas >= 0 && e.Replicas <= mostReplicas, "Replicas is %d, must be 1 to %d, or 0 for 1", e.Replicas, mostReplicas)
	must(e.Capacity > 0 && e.Capacity <= 1<<24, "Capacity is %d, must be the calls that the downstream works on at once, above 0", e.Capacity)
	must(e.Latency > 0 && e.Latency <= longest, "Latency is %v, must be the typical round trip without a queue, above 0 and at most %v", e.Latency, longest)
	must(e.Deadline > 0 && e.Deadline <= longest, "Deadline is %v, must be the patience of a caller, above 0 and at most %v", e.Deadline, longest)
	must(e.Pool >= 0, "Pool is %d, must be a number of connections, or 0 for no bound", e.Pool)
	must(e.Outage >= 0 && e.Outage <= longest, "Outage is %v, must be from 0 to %v", e.Outage, longest)
	must(e.Recovery >= 0 && e.Recovery <= longest, "Recovery is %v, must be from 0 to %v", e.Recovery, longest)
	return errors.Join(faults...)
}

// share is how many calls one replica may have at the downstream for all to fit.
func (e *Environment) share() float64 { return float64(e.Capacity) / float64(e.Replicas) }

// Gobreaker is the part of gobreaker.Settings of sony/gobreaker/v2 that is numbers,
// and of its ReadyToTrip what most programs have.
type Gobreaker struct {
	Interval            time.Duration // window of the counts while closed; 0 means that they are never cleared
	BucketPeriod        time.Duration // step of a rolling window; 0 means a window that starts anew
	Timeout             time.Duration // how long it stays open; 0 means 60 s
	MaxRequests         int           // probes in half-open; 0 means 1
	ConsecutiveFailures int           // ReadyToTrip at so many failures in a row; 0 means 6 if there is no FailureRatio, else not
	FailureRatio        float64       // ReadyToTrip at such a share; 0 means not
	MinRequests         int           // … of at least so many
}

// Validate returns all faults of g, joined, or nil.
func (g Gobreaker) Validate() error {
	var faults []error
	must := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf("gobreaker: "+format, args...))
		}
	}
	must(g.Interval >= 0, "Interval is %v, must not be negative", g.Interval)
	must(g.BucketPeriod >= 0 && g.BucketPeriod <= g.Interval, "BucketPeriod is %v, must be from 0 to Interval", g.BucketPeriod)
	must(g.Timeout >= 0, "Timeout is %v, must not be negative", g.Timeout)
	must(g.MaxRequests >= 0, "MaxRequests is %d, must not be negative", g.MaxRequests)
	must(g.ConsecutiveFailures >= 0, "ConsecutiveFailures is %d, must not be negative", g.ConsecutiveFailures)
	must(g.FailureRatio >= 0 && g.FailureRatio <= 1, "FailureRatio is %v, must be a share from 0 to 1", g.FailureRatio)
	must(g.MinRequests >= 0, "MinRequests is %d, must not be negative", g.MinRequests)
	return errors.Join(faults...)
}

// gobreaker's own defaults, of v2.4.0.
const (
	gobreakerTimeout     = 60 * time.Second
	gobreakerConsecutive = 6 // its ReadyToTrip asks for more than 5
)

func (g Gobreaker) withDefaults() Gobreaker {
	if g.Timeout == 0 {
		g.Timeout = gobreakerTimeout
	}
	if g.MaxRequests == 0 {
		g.MaxRequests = 1
	}
	if g.ConsecutiveFailures == 0 && g.FailureRatio == 0 {
		g.ConsecutiveFailures = gobreakerConsecutive
	}
	return g
}

// Load reads a chart: a configuration file with a section environment, or, if that
// is in a file of its own, both. The sections breaker and gobreaker may be there or
// not.
func Load(config, environment string) (*Chart, error) {
	c := &Chart{}
	var b breaker.Config
	var g Gobreaker
	f, err := configfile.Load(config, configfile.Sections{"breaker": &b, "gobreaker": &g, "environment": &c.Environment, "caller": nil})
	if err != nil && environment == "" {
		return nil, err
	}
	if environment != "" {
		var own Environment
		e, second := configfile.Load(environment, configfile.Sections{"environment": &own})
		switch {
		case second != nil:
			err = errors.Join(err, second)
		case e.Limiter != (adaptive.Config{}):
			err = errors.Join(err, fmt.Errorf("%s: has a limiter, must have an environment alone", environment))
		case c.Environment != (Environment{}):
			err = errors.Join(err, fmt.Errorf("%s: has an environment, and %s has another", environment, config))
		case own == (Environment{}):
			err = errors.Join(err, fmt.Errorf("%s: has no environment", environment))
		}
		if err != nil {
			return nil, err
		}
		c.Environment = own
	}
	if c.Environment == (Environment{}) {
		return nil, fmt.Errorf("%s: has no environment, must say there or in a file of its own what traffic, capacity, latency and deadline are", config)
	}
	c.Limiter, c.Expected = f.Limiter, f.Expected
	if b != (breaker.Config{}) {
		c.Breaker = &b
	}
	if g != (Gobreaker{}) {
		c.Gobreaker = &g
	}
	return c, nil
}

// Validate returns all faults of c, joined, or nil.
func (c *Chart) Validate() error {
	faults := []error{c.Limiter.Validate(), c.Expected.Validate(), c.Environment.Validate()}
	if c.Environment == (Environment{}) {
		faults = append(faults, errors.New("doctor: the chart has no environment"))
	}
	if c.Breaker != nil {
		faults = append(faults, c.Breaker.Validate())
	}
	if c.Gobreaker != nil {
		faults = append(faults, c.Gobreaker.Validate())
	}
	return errors.Join(faults...)
}

// number writes x as people do.
func number(x float64) string {
	if x >= 100 || x == math.Trunc(x) {
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.3g", x)
}

// short writes a time with three digits.
func short(d time.Duration) string {
	unit := time.Nanosecond
	for unit*1000 <= d {
		unit *= 10
	}
	return d.Round(unit).String()
}
