package adaptivepgx

import (
	"context"
	"sync/atomic"

	"github.com/flyball-go/flyball/adaptive"
)

// A call is one that is not over when the function that began it returns. Its
// first end counts. What it notes is of one goroutine, like the rows or the
// transaction that it is of.
type call struct {
	pool    *Pool
	ctx     context.Context
	permit  adaptive.Permit
	kept    bool        // somebody will end it
	unwatch func() bool // nil unless ctx ends it
	worst   adaptive.Result
	ended   atomic.Bool
}

func (p *Pool) begin(ctx context.Context) (*call, error) {
	permit, err := p.Guard.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	return &call{pool: p, ctx: ctx, permit: permit, worst: adaptive.Result{Outcome: adaptive.Success}}, nil
}

// keep leaves the end to somebody, or to the end of the context if nobody does.
func (c *call) keep() {
	c.kept = true
	if c.ctx.Done() != nil {
		c.unwatch = context.AfterFunc(c.ctx, c.expire)
	}
}

// unlessKept is for defer: it frees the permit after a panic or Goexit.
func (c *call) unlessKept() {
	if !c.kept && !c.ended.Swap(true) {
		c.permit.Release()
	}
}

// expire ends a call of which nobody has heard since its context ended. It runs
// beside its owner, so it must touch nothing that the owner writes.
func (c *call) expire() {
	if !c.ended.Swap(true) {
		c.permit.DoneResult(c.pool.classify(c.ctx, context.Cause(c.ctx)))
	}
}

// note keeps what err tells if it is the worst so far.
func (c *call) note(err error) {
	if err == nil {
		return
	}
	if r := c.pool.classify(c.ctx, err); badness[r.Outcome] > badness[c.worst.Outcome] {
		c.worst = r
	}
}

// end ends the call with the worst that it has noted.
func (c *call) end(err error) {
	c.note(err)
	if c.unwatch != nil {
		c.unwatch() // or a long-lived context would keep every call it ever saw
	}
	if !c.ended.Swap(true) {
		c.permit.DoneResult(c.worst)
	}
}

// badness orders outcomes; a sign of overload is the worst.
var badness = [adaptive.Outcomes]int{
	adaptive.Success: 0, adaptive.Ignored: 1, adaptive.Failure: 2, adaptive.TimedOut: 3, adaptive.Refused: 4,
}
