package pool

import (
	"context"
	"sync"
	"time"
)

// every is a task that comes again. One of its jobs is alive at a time.
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

type everyJob struct {
	job
	of *every
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
	j := &everyJob{of: e}
	j.work, j.shared = j, true
	now := c.stamp()
	s, err := c.enter(e.ctx, e.pool, true)
	if err == nil {
		c.accept(&j.job, e.pool, s, now)
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

func (j *everyJob) run(ctx context.Context) error { return j.of.f(ctx) }
func (j *everyJob) fail(err error)                { j.pool.unheard(err) }

// gone arms the timer for the next time that is not past.
func (j *everyJob) gone() {
	e := j.of
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
