package simulate

import (
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/breaker"
)

// chain is a breaker and a limiter that know nothing of each other, as most
// programs have them: it is there to be compared with the coupled pair. It gives back
// what it does not use, and passes on how the limiter reads a result.
//
// A nested one is the breaker that people know, with the limit inside what it
// executes, as in cb.Execute(func() … { return lim.Do(…) }): it hears of results
// alone, waits for its probes as long as they take, and counts every error, also
// that of the limit and of a caller who left.
type chain struct {
	breaker *breaker.Breaker
	open    *adaptive.Limiter // the breaker's own, without a limit
	inner   acquirer          // the limiter, as the calls of one class see it
	nested  bool
}

func newChain(lim *adaptive.Limiter, clock adaptive.Clock, c breaker.Config, parts breaker.Parts, nested bool) (chain, error) {
	if nested {
		c.Silence, c.AtFloor, c.ProbeWithin = -1, -1, 720*time.Hour
	}
	open, err := adaptive.NewWith(adaptive.Config{Max: highest, Queue: -1}, adaptive.Parts{Law: adaptive.Fixed{Limit: highest}, Clock: clock})
	if err != nil {
		return chain{}, err
	}
	b, err := breaker.NewWith(open, c, parts)
	return chain{b, open, lim, nested}, err
}

// AcquireFunc implements the half of adaptive.Guard that a run needs: the breaker
// answers at once, the limiter perhaps later.
func (c chain) AcquireFunc(f func(adaptive.Permit, error)) (stop func() bool) {
	stop = func() bool { return false }
	c.breaker.AcquireFunc(func(outer adaptive.Permit, err error) {
		if err != nil {
			f(adaptive.Permit{}, err)
			return
		}
		withdraw := c.inner.AcquireFunc(func(inner adaptive.Permit, err error) {
			if err != nil {
				outer.Done(c.unsent())
				f(adaptive.Permit{}, err)
				return
			}
			f(inner.Via(relay{outer, c.unsent()}), nil)
		})
		stop = func() bool {
			if !withdraw() {
				return false
			}
			outer.Done(c.unsent())
			return true
		}
	})
	return stop
}

// unsent is what the breaker hears of a call that tells nothing of the downstream.
func (c chain) unsent() adaptive.Outcome {
	if c.nested {
		return adaptive.Failure
	}
	return adaptive.Ignored
}

// relay tells the outer permit how the inner one ended.
type relay struct {
	outer  adaptive.Permit
	unsent adaptive.Outcome
}

func (r relay) Settle(e adaptive.End) {
	if e.Outcome == adaptive.Ignored {
		e.Outcome = r.unsent
	}
	r.outer.DoneResult(e.Result)
}

// trips is how often the breaker in g opened.
func trips(g acquirer) uint64 {
	switch g := g.(type) {
	case *breaker.Breaker:
		return g.Stats().Opened
	case chain:
		return g.breaker.Stats().Opened
	}
	return 0
}
