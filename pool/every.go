package pool

import (
	"context"
	"sync"
	"time"
)

// every is a task that comes again, and the work of all its jobs. One of its jobs is alive at a time.
type every struct {
	pool     *Pool
	ctx      context.Context
	interval time.Duration
	f        func(context.Context) error
	due      time.Duration // when the last one was

	mu    sync.Mutex
	timer *time.Timer
	over  bool
	leave []func() bool // from the contexts that end it
}

func (e *every) start() error {
	if err := e.submit(); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.leave = append(e.leave, context.AfterFunc(e.pool.closing, e.stop))
	if e.ctx.Done() != nil {
		e.leave = append(e.leave, context.AfterFunc(e.ctx, e.stop))
	}
	return nil
}

func (e *every) submit() error {
	c := e.pool.core
	if err := e.pool.may(e.ctx, false); err != nil {
		return err
	}
	j := &job{work: e, shared: true}
	now := c.stamp()
	s, err := c.enter(e.ctx, e.pool, true)
	if err == nil {
		c.accept(j, e.pool, s, now)
	}
	c.unlock()
	return err
}

// stop ends the series; a job that is alive goes on.
func (e *every) stop() {
	e.mu.Lock()
	e.over = true
	if e.timer != nil {
		e.timer.Stop()
	}
	leave := e.leave
	e.leave = nil
	e.mu.Unlock()
	for _, f := range leave {
		f()
	}
}

func (e *every) run(ctx context.Context) error { return e.f(ctx) }
func (e *every) fail(_ *job, err error)        { e.pool.unheard(err) }

// gone arms the timer for the next time that is not past.
func (e *every) gone() {
	now := e.pool.now()
	e.due += max(1, (now-e.due+e.interval-1)/e.interval) * e.interval
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.over {
		e.timer = after(e.due-now, func() {
			if e.submit() != nil {
				e.stop()
			}
		})
	}
}
