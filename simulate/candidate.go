package simulate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/adaptive/corelimit"
	"github.com/flyball-go/flyball/breaker"
)

// A Candidate is a guard given as data: what a program would run, where the name
// of a guard stands for bounds wide enough to compare laws.
type Candidate struct {
	Name    string          // in results
	Limiter adaptive.Config // its Queue and MaxWait are the scenario's; a Law may be one of corelimit's
	Breaker *breaker.Config // in front of the limiter; nil means none
}

// Try plays sc for c with the scenario's seed. The error is all faults of sc and
// of c, or of the run.
func (r *Runner) Try(ctx context.Context, sc *Scenario, c Candidate) (*Result, error) {
	g, err := c.guard()
	if err := errors.Join(sc.Validate(), err); err != nil {
		return nil, err
	}
	g.history = r.History
	return r.run(ctx, sc.with(sc.seed()), g)
}

// Play is Try without the oracle, which is many runs more: what rests on one, such
// as [Result.Score], is 0.
func (r *Runner) Play(ctx context.Context, sc *Scenario, c Candidate) (*Result, error) {
	g, err := c.guard()
	if err := errors.Join(sc.Validate(), err); err != nil {
		return nil, err
	}
	g.history = r.History
	run, err := newRun(sc.with(sc.seed()), g)
	if err != nil {
		return nil, fmt.Errorf("simulate: %s, guard %s: %w", sc.Name, c.Name, err)
	}
	return run.play(ctx, r.Events)
}

// guard reads c, or returns all its faults.
func (c *Candidate) guard() (*guardKind, error) {
	g := &guardKind{name: c.Name, repeatable: true, config: c}
	limiter := c.Limiter
	var faults []error
	if strings.HasPrefix(limiter.Law, "corelimit/") {
		l, err := corelimit.Parse(limiter.Law)
		faults = append(faults, err)
		if err == nil {
			g.law, g.repeatable = l, l.Repeatable()
		}
		limiter.Law = ""
	}
	faults = append(faults, limiter.Validate())
	if c.Breaker != nil {
		g.breaker = coupled
		faults = append(faults, c.Breaker.Validate())
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("candidate %q: %w", c.Name, err)
	}
	return g, nil
}
