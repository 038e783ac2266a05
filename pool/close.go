package pool

import (
	"context"
	"fmt"
)

// A Report says what a shutdown did not wait for, and what nobody has heard of.
type Report struct {
	Waiting int     // tasks that did not start, or not again after a failure; their result is ErrClosed
	Running int     // tasks whose context was cancelled, with cause ErrClosed, while they ran
	Unheard []error // of tasks of Submit that nobody has asked for their result so far
}

// Clean reports whether nothing was lost.
func (r Report) Clean() bool { return r.Waiting == 0 && r.Running == 0 && len(r.Unheard) == 0 }

// String is one line for a log.
func (r Report) String() string {
	if r.Clean() {
		return "pool: nothing was lost"
	}
	s := fmt.Sprintf("pool: lost %d waiting and %d running tasks", r.Waiting, r.Running)
	if len(r.Unheard) > 0 {
		s += fmt.Sprintf(", and %d errors that nobody has asked for, such as: %v", len(r.Unheard), r.Unheard[0])
	}
	return s
}

// Close refuses new tasks and ends those that wait with [ErrClosed]. Tasks that
// run go on: Shutdown waits for them. Closing again does nothing.
func (p *Pool) Close() {
	p.refuse()
	p.core.stopWaiting(ErrClosed, true)
}

// CancelQueued ends all tasks that wait, or rest between two attempts, with cause,
// and returns their number; a nil cause is [ErrCancelled]. Those that run are left
// alone.
func (p *Pool) CancelQueued(cause error) int {
	if cause == nil {
		cause = ErrCancelled
	}
	return p.stopWaiting(cause, false)
}

// Shutdown refuses new tasks and waits until every accepted one has ended, with
// those that they submit themselves meanwhile, with their context. If
// ctx ends first it ends those that wait with [ErrClosed], cancels those that run
// with that cause, and returns at once what was lost, with the cause of ctx; to
// wait for the cancelled ones, call it again.
func (p *Pool) Shutdown(ctx context.Context) (Report, error) {
	p.refuse()
	var r Report
	err := p.drain(ctx)
	if err != nil {
		r.Waiting = p.stopWaiting(ErrClosed, true)
		r.Running = p.cancelRunning(ErrClosed)
	}
	p.mu.Lock()
	for l := range p.lost {
		r.Unheard = append(r.Unheard, l.err)
	}
	clear(p.lost)
	p.mu.Unlock()
	return r, err
}

// drain waits until no task is left or ctx ends, and returns its cause.
func (c *core) drain(ctx context.Context) error {
	c.mu.Lock()
	if c.live == 0 {
		c.mu.Unlock()
		return nil
	}
	if c.idle == nil {
		c.idle = make(chan struct{})
	}
	idle := c.idle
	c.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// refuse lets nobody in any more.
func (c *core) refuse() {
	c.mu.Lock()
	defer c.unlock()
	if c.closed {
		return
	}
	c.closed = true
	c.endIntake()
	for i, s := range c.recent {
		if s != nil {
			c.recent[i], s.kept = nil, false
			c.retire(s)
		}
	}
}

// stopWaiting ends what waits or rests and returns how many that were. If forGood,
// no task is tried again either.
func (c *core) stopWaiting(cause error, forGood bool) (n int) {
	c.mu.Lock()
	c.cancelled = c.cancelled || forGood
	for _, w := range c.staff {
		if w.hand.CompareAndSwap(inHand, recalled) {
			w.recall = cause
			n++
		}
	}
	c.eachIdle(func(j *job) {
		c.stop(j, cause)
		n++
	})
	c.unlock()
	return n
}

// cancelRunning cancels the contexts of the tasks that run.
func (c *core) cancelRunning(cause error) (n int) {
	var tasks []*job
	var scopes []*scope
	c.mu.Lock()
	for s := c.scopes; s != nil; s = s.next {
		scopes = append(scopes, s)
	}
	c.eachTaken(func(j *job, runs bool) {
		if runs {
			tasks = append(tasks, j)
		}
	})
	c.mu.Unlock()
	for _, j := range tasks {
		if !j.shared {
			j.cancel(cause)
		}
	}
	for _, s := range scopes {
		s.own.of(s.ctx).cancel(cause)
	}
	return len(tasks)
}
