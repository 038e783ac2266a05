package load

import (
	"context"
	"fmt"
	"math"
	"time"
)

// A Finder looks for the knee of a target.
type Finder struct {
	Plan    Plan
	Hold    func(ctx context.Context, rate float64, span Span) (Step, error)
	Ceiling float64    // calls a second that the generator can do here; 0 means not known
	Told    func(Step) // told of each step; nil tells nobody
	Recover func()     // told that the knee is known, and that the steps from now on are of the recovery; nil tells nobody
}

// Found is what a Finder found.
type Found struct {
	Knee    *Knee  `json:"knee"`    // nil if there is none to be told
	Stopped Reason `json:"stopped"` // what ended the climb
	Detail  string `json:"detail"`
	Steps   []Step `json:"steps"` // in the order in which they were made

	Recovery *Recovery `json:"recovery,omitempty"` // nil if it was not asked for
}

// A Knee is the highest rate with which the target kept up.
type Knee struct {
	Rate     float64       `json:"rate"`            // calls a second
	Above    float64       `json:"above,omitempty"` // lowest rate that was too much; 0 means that none was, and the knee is at Rate or above
	Held     bool          `json:"held"`            // it kept up with Rate for longer than a step of the search
	Goodput  float64       `json:"goodput"`         // at Rate
	P50      time.Duration `json:"p50"`             // of response times at Rate
	P99      time.Duration `json:"p99"`
	InFlight float64       `json:"inFlight"` // calls at a time, by Little's law
}

// What a step may fall short of without being too much: noise of short steps.
const (
	begunShare   = 0.95                 // of the calls that should have begun
	goodputShare = 0.93                 // of the rate
	slack        = 5 * time.Millisecond // of p99
	ceilingShare = 0.8                  // of the generator's ceiling, from which on its word is not taken
)

// climb is a search under way.
type climb struct {
	*Finder
	begun     time.Time
	base      time.Duration // p99 of the first step
	found     Found
	low, high float64
	held      bool
}

// Find climbs from rate to rate until one is too much, closes in on the knee and
// holds it. With an error it returns what it has.
func (f *Finder) Find(ctx context.Context) (Found, error) {
	c := climb{Finder: f, begun: time.Now()}
	err := c.up(ctx)
	if err == nil && c.low > 0 && c.high > 0 {
		err = c.close(ctx)
	}
	if err == nil && c.low > 0 && c.found.Stopped != OutOfTime {
		err = c.confirm(ctx)
	}
	if err == nil && c.Plan.Recover {
		err = c.recovery(ctx)
	}
	c.conclude()
	return c.found, err
}

// up climbs.
func (c *climb) up(ctx context.Context) error {
	for _, rate := range c.Plan.Rates() {
		s, err := c.step(ctx, rate, Span{Min: c.Plan.Min, Max: c.Plan.Max})
		switch {
		case err != nil:
			return err
		case s == nil:
			return nil
		case s.Passed:
			c.low = rate
			continue
		}
		c.found.Stopped, c.found.Detail = s.Why, s.Detail
		if s.Why != GeneratorAtLimit {
			c.high = rate
		}
		return nil
	}
	c.found.Stopped = OutOfRate
	c.found.Detail = fmt.Sprintf("kept up with %.4g calls/s, the most that was allowed", c.Plan.MaxRate)
	return nil
}

// close halves what lies between a rate that passed and one that did not.
func (c *climb) close(ctx context.Context) error {
	for c.high/c.low > 1+c.Plan.Within {
		rate := math.Sqrt(c.low * c.high)
		s, err := c.step(ctx, rate, Span{Min: c.Plan.Min, Max: c.Plan.Max})
		switch {
		case err != nil || s == nil:
			return err
		case s.Passed:
			c.low = rate
		case s.Why == GeneratorAtLimit:
			return nil // between the two nothing can be said
		default:
			c.high = rate
		}
	}
	return nil
}

// confirm holds the knee for longer, and goes down where it does not hold.
func (c *climb) confirm(ctx context.Context) error {
	for c.low >= c.Plan.From {
		s, err := c.step(ctx, c.low, Span{Min: c.Plan.Max, Max: 2 * c.Plan.Max})
		switch {
		case err != nil || s == nil:
			return err
		case s.Passed:
			c.held = true
			return nil
		case s.Why == GeneratorAtLimit:
			return nil
		}
		c.high = c.low
		c.low *= 1 - c.Plan.Within
	}
	c.low = 0
	return nil
}

// step holds a rate, twice if it seems too much for no clear reason: everybody
// pauses now and then. If it is the generator that could not, it has two tries more:
// whoever kept it from its processor may be gone. It returns nil if there is no
// time for it.
func (c *climb) step(ctx context.Context, rate float64, span Span) (*Step, error) {
	for try := 0; ; try++ {
		if time.Since(c.begun)+span.Min > c.Plan.MaxTime {
			c.found.Stopped = OutOfTime
			c.found.Detail = fmt.Sprintf("%v were over before the knee was known well enough", c.Plan.MaxTime)
			return nil, nil
		}
		s, err := c.Hold(ctx, rate, span)
		if err == nil {
			c.judge(&s)
		}
		c.found.Steps = append(c.found.Steps, s)
		if c.Told != nil {
			c.Told(s)
		}
		if err != nil || s.Passed {
			return &s, err
		}
		if err := rest(ctx, span.Min/2); err != nil {
			return nil, err
		}
		tries := 2
		switch {
		case s.Why == GeneratorAtLimit && !c.beyond(&s):
			tries = 4
		case s.Why == TooManyErrors, s.Unsent > 0:
			tries = 1
		}
		if try+1 >= tries {
			return &s, nil
		}
	}
}

// rest lets the target finish what callers have left behind.
func rest(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// judge says whether the target kept up, and if not for which reason first. What
// the generator may have caused is not held against the target.
func (c *climb) judge(s *Step) {
	if c.base == 0 {
		c.base = s.Response.P99
	}
	excess, lag := s.Response.P99-c.base, s.Lag.P99
	window := s.For.Seconds() * 0.8
	switch {
	case s.Begun < begunShare*s.Rate-1/max(s.For.Seconds(), 1e-3):
		s.Why, s.Detail = GeneratorAtLimit, fmt.Sprintf("began %.4g of %.4g calls/s", s.Begun, s.Rate)
		return
	case s.ErrorShare() > c.Plan.Errors:
		s.Why, s.Detail = TooManyErrors, fmt.Sprintf("%.3g %% of calls failed (%s), more than %.3g %%", 100*s.ErrorShare(), s.commonest(), 100*c.Plan.Errors)
		return
	case s.Unsent > 0:
		s.Why, s.Detail = Flat, fmt.Sprintf("%d calls were in flight, the most allowed, and answers came at %.4g of %.4g calls/s", s.Most, s.Goodput, s.Rate)
	case s.Goodput*window+1.5 < goodputShare*s.Rate*window:
		s.Why, s.Detail = Flat, fmt.Sprintf("answers came at %.4g of %.4g calls/s", s.Goodput, s.Rate)
	case s.Trend.Rises():
		s.Why, s.Detail = Growing, fmt.Sprintf("response times rose from %v to %v (p50) while the rate was held", round(s.Trend.From), round(s.Trend.To))
		excess, lag = s.Trend.To-s.Trend.From, s.Lag.P90 // medians are not moved by a few late calls
	case float64(s.Response.P99) > c.Plan.Ratio*float64(c.base) && excess > slack:
		s.Why, s.Detail = TooSlow, fmt.Sprintf("p99 was %v, over %g × the %v of the first step", round(s.Response.P99), c.Plan.Ratio, round(c.base))
	default:
		s.Passed = true
		return
	}
	switch {
	case c.beyond(s):
		s.Detail = fmt.Sprintf("%s, but the generator can do no more than %.4g calls/s here", s.Detail, c.Ceiling)
		s.Why = GeneratorAtLimit
	case lag > time.Millisecond && lag > excess/2:
		s.Detail = fmt.Sprintf("%s, but calls began up to %v late", s.Detail, round(lag))
		s.Why = GeneratorAtLimit
	}
}

// beyond reports whether a rate is more than the generator's word can be taken for.
func (c *climb) beyond(s *Step) bool { return c.Ceiling > 0 && s.Rate > ceilingShare*c.Ceiling }

// commonest is the kind of error that there were most of.
func (s *Step) commonest() (kind string) {
	for k, n := range s.Errors {
		if n > s.Errors[kind] || n == s.Errors[kind] && k < kind {
			kind = k
		}
	}
	return kind
}

// conclude tells the knee by the last step that passed at its rate.
func (c *climb) conclude() {
	if c.low == 0 {
		return
	}
	k := Knee{Rate: c.low, Above: c.high, Held: c.held}
	for _, s := range c.found.Steps {
		if s.Rate == c.low && s.Passed {
			k.Goodput, k.P50, k.P99 = s.Goodput, s.Response.P50, s.Response.P99
			k.InFlight = s.Goodput * s.Response.Mean.Seconds()
		}
	}
	c.found.Knee = &k
}

// round leaves three digits.
func round(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}
