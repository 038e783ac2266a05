package doctor

import (
	"context"
	"fmt"
	"slices"

	"github.com/flyball-go/flyball/simulate"
)

// Examine does the arithmetic of c and plays the outages. The error is all faults
// of c as data, or the cause of ctx.
func Examine(ctx context.Context, c *Chart) (*Report, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	var f findings
	c.limits(&f)
	c.trips(&f)
	c.gobreaker(&f)
	r := &Report{Version: 1}
	ill := false
	runner := simulate.Runner{History: true}
	for _, t := range trials {
		if t.quiet && c.Environment.Quiet == 0 {
			continue
		}
		s := c.set(t)
		res, err := runner.Play(ctx, s.sc, simulate.Candidate{Name: "config", Limiter: c.Limiter, Breaker: c.Breaker})
		if err != nil {
			return nil, err
		}
		o := s.watch(t, res)
		r.Outages = append(r.Outages, o)
		if !ill {
			c.judge(&f, t, &s, &o)
		}
		// What goes wrong with nothing wrong would be told of every outage again.
		ill = ill || t.faults == nil && len(f) > 0 && f[len(f)-1].Where == t.name
	}
	r.Findings = f
	r.Healthy = !slices.ContainsFunc(r.Findings, Finding.Fault)
	return r, nil
}

// judge finds what went wrong in a played outage.
func (c *Chart) judge(f *findings, t trial, s *stage, o *Outage) {
	length := (s.end - s.start).Seconds()
	tripped := o.Tripped != nil && *o.Tripped <= length
	opens := 0 // that one may expect
	switch {
	case t.faults == nil:
	case t.name == "flapping":
		opens = flaps * c.expectedOpens(length/flaps/flapShare)
	default:
		opens = c.expectedOpens(length)
	}
	if c.Breaker != nil && t.must && !tripped {
		rate := c.Environment.WithDefaults()
		traffic := rate.Traffic
		if t.quiet {
			traffic = rate.Quiet
		}
		f.add(NeverFires, o.Name, fmt.Sprintf("%s for %s s at %s calls/s of a replica, and the breaker does not open", o.What, number(length), number(traffic)), "")
	}
	since := number(s.sc.Duration.Seconds() - s.end.Seconds())
	switch {
	case t.faults != nil && !o.Closed:
		f.add(Wedges, o.Name, fmt.Sprintf("%s s after the end of the outage (%s) the breaker is still not closed; it opened %d times", since, o.What, o.Opened), "")
	case o.Opened > opens:
		f.add(Oscillates, o.Name, fmt.Sprintf("%s, and the breaker opens %d times, more than the %d that this takes", o.What, o.Opened, opens), "")
	case t.faults != nil && o.After < wedgedAt*o.Before:
		f.add(Wedges, o.Name, fmt.Sprintf("%s s after the end of the outage (%s) it is %s calls/s that are served, of %s before", since, o.What, number(o.After), number(o.Before)), "")
	case t.faults == nil && o.After < wedgedAt*s.possible:
		f.add(Wedges, o.Name, fmt.Sprintf("%s: after %s s it is %s calls/s that are served, of %s that could be", o.What, since, number(o.After), number(s.possible)), "")
	}
}

// expectedOpens is how often a breaker opens in an outage of so many seconds: once, and
// again after each phase of probes in it, and a few times more for what follows.
func (c *Chart) expectedOpens(length float64) int {
	if c.Breaker == nil {
		return 0
	}
	n, _ := probes(c.Breaker.WithDefaults().Open, seconds(length))
	return 1 + 2*n + 3
}
