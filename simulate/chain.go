package simulate

import (
	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/breaker"
)

// chain is a breaker and a limiter that know nothing of each other, as most
// programs have them: it is there to be compared with the coupled pair.
type chain struct {
	breaker *breaker.Breaker
	open    *adaptive.Limiter // the breaker's own, without a limit
	inner   acquirer          // the limiter, as the calls of one class see it
}

func newChain(lim *adaptive.Limiter, clock adaptive.Clock, c breaker.Config, parts breaker.Parts) (chain, error) {
	open, err := adaptive.NewWith(adaptive.Config{Max: highest, Queue: -1}, adaptive.Parts{Law: adaptive.Fixed{Limit: highest}, Clock: clock})
	if err != nil {
		return chain{}, err
	}
	b, err := breaker.NewWith(open, c, parts)
	return chain{b, open, lim}, err
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
				outer.Done(adaptive.Ignored) // the call was never sent
				f(adaptive.Permit{}, err)
				return
			}
			f(inner.Via(relay{outer}), nil)
		})
		stop = func() bool {
			if !withdraw() {
				return false
			}
			outer.Done(adaptive.Ignored)
			return true
		}
	})
	return stop
}

// relay tells the outer permit how the inner one ended.
type relay struct{ outer adaptive.Permit }

func (r relay) Settle(e adaptive.End) { r.outer.DoneResult(e.Result) }

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
