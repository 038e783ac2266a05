package breaker

import (
	"context"

	"github.com/flyball-go/flyball/adaptive"
)

// With is b for calls of weight, priority and deadline c, see
// [adaptive.Limiter.With]. Such calls count as all others do.
func (b *Breaker) With(c adaptive.Call) adaptive.Guard { return &view{b, b.lim.With(c)} }

// Limit is how many calls the [adaptive.Limiter] behind lets be in flight now, whatever
// the state of b. It tells a pool how many workers are of use.
func (b *Breaker) Limit() int { return b.lim.Limit() }

// view is a Breaker in front of a view of its Limiter.
type view struct {
	b      *Breaker
	behind adaptive.Guard
}

func (v *view) Acquire(ctx context.Context) (adaptive.Permit, error) {
	return v.b.acquire(ctx, v.behind)
}

func (v *view) AcquireFunc(f func(adaptive.Permit, error)) (stop func() bool) {
	return v.b.acquireFunc(f, v.behind)
}
