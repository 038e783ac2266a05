package peers

import (
	"context"

	"github.com/flyball-go/flyball/adaptive"
)

// gate is a limiter of ours that only counts and queues: how many may be in flight is
// up to a peer. So a peer that has no queue gets the scenario's, as the laws have it.
type gate struct {
	*adaptive.Limiter
	peer     limiter
	clock    adaptive.Clock
	inFlight int
}

func newGate(peer limiter, clock adaptive.Clock, queue int) (*gate, error) {
	lim, err := adaptive.NewWith(
		adaptive.Config{Min: lowest, Max: highest, Initial: peer.limit(clock.Now()), Queue: queue},
		adaptive.Parts{Law: adaptive.Fixed{}, Clock: clock},
	)
	return &gate{lim, peer, clock, 0}, err
}

// Acquire implements [adaptive.Guard].
func (g *gate) Acquire(ctx context.Context) (adaptive.Permit, error) {
	type answer struct {
		permit adaptive.Permit
		err    error
	}
	got := make(chan answer, 1)
	stop := g.AcquireFunc(func(p adaptive.Permit, err error) { got <- answer{p, err} })
	select {
	case a := <-got:
		return a.permit, a.err
	case <-ctx.Done():
		if stop() {
			return adaptive.Permit{}, context.Cause(ctx)
		}
		a := <-got
		return a.permit, a.err
	}
}

// AcquireFunc implements [adaptive.Guard].
func (g *gate) AcquireFunc(f func(adaptive.Permit, error)) (stop func() bool) {
	g.follow()
	return g.Limiter.AcquireFunc(func(p adaptive.Permit, err error) {
		if err != nil {
			f(p, err)
			return
		}
		ended := g.peer.admit(g.clock.Now(), g.inFlight+1)
		if ended == nil {
			p.Done(adaptive.Ignored) // it was never sent
			f(adaptive.Permit{}, adaptive.ErrRejected)
			return
		}
		g.inFlight++
		f(p.Via(call{g, ended}), nil)
	})
}

// follow puts the peer's limit in force.
func (g *gate) follow() {
	if n := min(max(g.peer.limit(g.clock.Now()), lowest), highest); n != g.Limit() {
		_ = g.SetLimit(n) // within bounds
	}
}

// call tells the peer of the end of a call, before the place is free.
type call struct {
	gate  *gate
	ended func(adaptive.End)
}

// Settle implements [adaptive.Settler].
func (c call) Settle(e adaptive.End) {
	c.gate.clock.Now()
	c.gate.inFlight--
	c.ended(e)
	c.gate.follow()
}
