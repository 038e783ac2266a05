package simulate

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/flyball-go/flyball/internal/strict"
)

// pathFault is what is wrong with the value at a path.
type pathFault struct {
	path, text string
	because    string // the path of another value that it rests on, if any: no news if that is wrong
}

// Validate returns all faults of s, joined, or nil. [Load] and [Parse] have
// called it.
func (s *Scenario) Validate() error {
	var out []error
	for _, f := range s.faults() {
		out = append(out, fmt.Errorf("simulate: scenario %q: %s: %s", s.Name, f.path, f.text))
	}
	return errors.Join(out...)
}

const (
	maxServers = 1 << 20
	maxUsers   = 1 << 20
	maxAtOnce  = 100_000
	maxClients = 10_000
	maxRetries = 100
	longest    = 366 * 24 * time.Hour
)

type checker struct{ faults []pathFault }

func (c *checker) must(ok bool, path, format string, args ...any) {
	if !ok {
		c.faults = append(c.faults, pathFault{path: path, text: fmt.Sprintf(format, args...)})
	}
}

// positive, within and notNegative are written so that NaN is a fault too.
func (c *checker) positive(x float64, path string) {
	c.must(x > 0 && !math.IsInf(x, 0), path, "is %v, must be above 0", x)
}

func (c *checker) notNegative(x float64, path string) {
	c.must(x >= 0 && !math.IsInf(x, 0), path, "is %v, must not be negative", x)
}

func (c *checker) share(x float64, path string) {
	c.must(x >= 0 && x <= 1, path, "is %v, must be a share from 0 to 1", x)
}

func (c *checker) time(d time.Duration, path string) {
	c.must(d > 0 && d <= longest, path, "is %v, must be above 0 and at most %v", d, longest)
}

func (c *checker) timeOrNone(d time.Duration, path string) {
	c.must(d >= 0 && d <= longest, path, "is %v, must be from 0 to %v", d, longest)
}

func (c *checker) count(n, from, to int, path string) {
	c.must(n >= from && n <= to, path, "is %d, must be from %d to %d", n, from, to)
}

func (s *Scenario) faults() []pathFault {
	c := &checker{}
	if s.Duration == 0 {
		c.must(false, "duration", "is missing, must be how long the run lasts, such as 60s")
	} else {
		c.time(s.Duration, "duration")
	}
	c.timeOrNone(s.Timeout, "timeout")
	s.checkLoad(c)
	s.checkClasses(c)
	s.Clients.check(c, s.Duration)
	if s.Wait != (Wait{}) {
		c.count(s.Wait.Queue, 1, 1<<20, "wait.queue")
		c.timeOrNone(s.Wait.Max, "wait.max")
	}
	s.checkRetries(c)
	s.checkDownstream(c)
	for i, f := range s.Faults {
		path := fmt.Sprintf("faults[%d]", i)
		f.check(c, path, s.Duration)
		c.must(f.Kind != Capacity || s.Downstream.Latency == LatencyModel{}, path+".capacity", "is a share of the servers, of which a downstream with latency has none")
	}
	last := time.Duration(-1)
	for i, at := range s.Changes {
		path := fmt.Sprintf("changes[%d]", i)
		c.must(at >= 0 && (at < s.Duration || s.Duration <= 0), path, "is %v, must be within the duration of %v", at, s.Duration)
		c.must(at > last, path, "is %v, must be after the one before", at)
		last = at
	}
	for at, text := range strict.Faults("breaker", &s.Breaker) {
		c.must(false, at, "%s", text)
	}
	s.checkAssert(c)
	return c.faults
}

func (s *Scenario) checkRetries(c *checker) {
	r := &s.Retries
	if *r == (Retries{}) {
		return
	}
	c.count(r.Count, 1, maxRetries, "retries.count")
	c.timeOrNone(r.Backoff, "retries.backoff")
	if r.Backoff == 0 && s.Timeout == 0 && !s.allClasses(hasTimeout) {
		c.faults = append(c.faults, pathFault{"retries.backoff", "is missing, must be set where there is no timeout", "timeout"})
	}
	c.notNegative(r.Budget, "retries.budget")
}

func (s *Scenario) checkDownstream(c *checker) {
	d := &s.Downstream
	const path = "downstream"
	c.timeOrNone(d.Network, path+".network")
	d.RateLimit.check(c, path+".rate-limit")
	d.HardLimit.check(c, path+".hard-limit")
	if d.Latency != (LatencyModel{}) {
		d.checkLatency(c, path)
		return
	}
	c.must(len(d.Servers) > 0, path+".servers", "is missing, must be how many there are")
	for i, step := range d.Servers {
		at := path + ".servers"
		if len(d.Servers) > 1 {
			at = fmt.Sprintf("%s.%v", at, step.At)
		}
		c.count(step.Servers, 1, maxServers, at)
		if i == 0 {
			c.must(step.At == 0, at, "begins at %v, must begin at 0s", step.At)
		} else {
			c.must(step.At > d.Servers[i-1].At, at, "is not after the one before")
		}
	}
	if d.Service.Kind != "" || !s.allClasses(hasService) {
		d.Service.check(c, path+".service")
	}
	c.must(d.Queue >= -1, path+".queue", "is %d, must be 0 or more, or −1 for no bound", d.Queue)
	switch d.Order {
	case "", FIFO, LIFO, PS:
	default:
		c.must(false, path+".order", "is %q, must be fifo, lifo or ps", d.Order)
	}
	c.notNegative(d.USL.Sigma, path+".usl.sigma")
	c.notNegative(d.USL.Kappa, path+".usl.kappa")
}

func (f *Fault) check(c *checker, path string, end time.Duration) {
	main := path + "." + string(f.Kind)
	switch f.Kind {
	case Slow:
		c.must(f.Value > 0 && f.Value <= 1e6, main, "is %v, must be a factor above 0 and at most 1e6", f.Value)
		c.timeOrNone(f.Ramp, path+".ramp")
		c.timeOrNone(f.Decay, path+".decay")
		c.must(f.Ramp == 0 || f.Decay == 0, path, "has ramp and decay, must have only one of them")
	case Errors, Refusals, Blackhole:
		c.share(f.Value, main)
	case Capacity:
		c.must(f.Value > 0 && f.Value <= 1000, main, "is %v, must be a share above 0", f.Value)
	case Stall:
		c.time(f.For, main)
	default:
		c.must(false, path, "is %q, must be one of %v", f.Kind, faultKinds)
	}
	c.must(f.At >= 0 && f.At < end || end <= 0, path+".at", "is %v, must be within the duration of %v", f.At, end)
	c.timeOrNone(f.For, path+".for")
	c.timeOrNone(f.Every, path+".every")
	c.must(f.Every == 0 || f.For > 0 && f.For < f.Every, path+".every", "is %v, must be longer than the fault lasts, and that must be said", f.Every)
}
