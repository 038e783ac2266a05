package simulate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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

	// Guard makes a guard of one's own for each client, in place of all that: somebody
	// else's limiter, to be compared. Its limit is not measured, and it is not told the
	// classes and deadlines of calls.
	Guard func(Setting) (adaptive.Guard, error)
}

// A Setting is what a guard of one's own finds in a run.
type Setting struct {
	Clock adaptive.Clock
	Rand  *rand.Rand // of this client, from the scenario's seed
	Queue int        // the scenario's, as Config.Queue means it: −1 is none
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
	if c.Guard != nil {
		if c.Breaker != nil {
			return nil, fmt.Errorf("candidate %q: has a Guard and a Breaker; a guard of one's own brings its own", c.Name)
		}
		return &guardKind{name: c.Name, repeatable: true, foreign: c.Guard}, nil
	}
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
