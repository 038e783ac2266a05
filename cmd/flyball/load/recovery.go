package load

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Recovery is what became of the target after more than it can take: whether it is
// well again by itself once the rate is low, and when. Some never are, for they go on
// with what their callers have long given up.
type Recovery struct {
	Not string `json:"not,omitempty"` // why it was not tried; there is no more then

	Over  float64       `json:"over"`  // calls a second that were too much
	Under float64       `json:"under"` // calls a second that it recovers under
	Back  bool          `json:"back"`  // it kept up with Under again
	After time.Duration `json:"after"` // from the last call of Over to the step that kept up, what was in flight included, or for how long none did
	Steps []Step        `json:"steps"` // the first is of Over
}

// RecoverySteps is how many steps a recovery has at least: one of too much, and one
// with which the target is well again.
const RecoverySteps = 2

// What a recovery is tried with, as multiples of the knee.
const (
	overKnee  = 2
	underKnee = 0.5
)

// recovery holds the target at twice its knee and then at half of it until it keeps up,
// for three times as long as a step may last at the most.
func (c *climb) recovery(ctx context.Context) error {
	r := Recovery{Over: overKnee * c.low, Under: underKnee * c.low}
	c.found.Recovery = &r
	if not := c.unable(r.Over); not != "" {
		r = Recovery{Not: not}
		return nil
	}
	if c.Recover != nil {
		c.Recover()
	}
	short := Span{Min: c.Plan.Min, Max: c.Plan.Min}
	hold := func(rate float64) (*Step, error) {
		s, err := c.Hold(ctx, rate, short)
		var dead *Dead
		if errors.As(err, &dead) {
			err = nil // that is what is looked at
		}
		if err == nil {
			c.judge(&s)
		}
		r.Steps = append(r.Steps, s)
		if c.Told != nil {
			c.Told(s)
		}
		return &s, err
	}
	begun := time.Now()
	over, err := hold(r.Over)
	if err != nil {
		return err
	}
	for ended := begun.Add(over.For); !r.Back; {
		r.After = time.Since(ended)
		if r.After > 3*c.Plan.Max {
			return nil
		}
		s, err := hold(r.Under)
		if err != nil {
			return err
		}
		r.Back = s.Passed
	}
	return nil
}

// unable says why over cannot be held, or what follows it; "" if both can.
func (c *climb) unable(over float64) string {
	switch {
	case !c.held:
		return "there is no knee that was held"
	case over > c.Plan.MaxRate:
		return fmt.Sprintf("it takes %.4g calls/s, and %.4g is the most that is allowed", over, c.Plan.MaxRate)
	case c.beyond(&Step{Rate: over}):
		return fmt.Sprintf("it takes %.4g calls/s, and the generator can do no more than %.4g here", over, c.Ceiling)
	case time.Since(c.begun)+c.Plan.Min+3*c.Plan.Max > c.Plan.MaxTime:
		return fmt.Sprintf("too little was left of the %v for all of the test", c.Plan.MaxTime)
	}
	return ""
}
