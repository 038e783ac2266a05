package pool

import (
	"context"
	"errors"
	"sync"
)

// A Group is a set of tasks that stand and fall together, for as long as the
// function given to [Pool.Group] and the tasks themselves run.
type Group struct {
	pool   *Pool
	scope  *scope
	cancel context.CancelCauseFunc
	empty  chan struct{} // has something whenever live falls to 0

	mu   sync.Mutex
	live int
	over bool // the group has ended
	told bool // errs has the cause of the context
	errs []error
}

// Group calls f, which starts tasks with [Group.Go], and returns when f and all
// of the tasks have ended, also if f panics. The first error, f's or a task's,
// cancels ctx for f and the others and is its cause; those that have not started
// never do. Group returns all errors joined, but not those of tasks that ended
// only because they were cancelled.
func (p *Pool) Group(ctx context.Context, f func(ctx context.Context, g *Group) error) error {
	if f == nil {
		return errNoFunction
	}
	if p.fault != nil {
		return p.fault
	}
	inner, cancel := context.WithCancelCause(ctx)
	g := &Group{pool: p, cancel: cancel, empty: make(chan struct{}, 1)}
	g.scope = p.hold(inner)
	returned := false
	defer func() {
		if !returned { // a panic or Goexit in f
			g.cancel(nil)
			g.wait()
		}
	}()
	err := f(inner, g)
	returned = true
	g.note(err)
	g.wait()
	if len(g.errs) == 1 {
		return g.errs[0]
	}
	return errors.Join(g.errs...)
}

// Go adds a task to the group. It never blocks: tasks that wait are bounded by
// what the caller adds, so for an endless input use [Map] or [AsCompleted]. Tasks
// may add tasks. It panics once the group has ended.
func (g *Group) Go(f func(context.Context) error) {
	g.mu.Lock()
	if g.over {
		g.mu.Unlock()
		panic("pool: Group.Go on a group that has ended")
	}
	g.live++
	g.mu.Unlock()
	j := &groupJob{group: g, f: f}
	j.work, j.shared = j, true
	err := errNoFunction
	if f != nil {
		err = g.pool.accepts(g.pool, g.scope, &j.job)
	}
	if err != nil {
		g.note(err)
		j.gone()
	}
}

type groupJob struct {
	job
	group *Group
	f     func(context.Context) error
}

func (j *groupJob) run(ctx context.Context) error { return j.f(ctx) }
func (j *groupJob) fail(_ *job, err error)        { j.group.note(err) }

func (j *groupJob) gone() {
	g := j.group
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.live--; g.live == 0 {
		select {
		case g.empty <- struct{}{}:
		default:
		}
	}
}

// note keeps err, and cancels the others if it is the first.
func (g *Group) note(err error) {
	if err == nil {
		return
	}
	g.mu.Lock()
	ctx := g.scope.ctx
	if cause := context.Cause(ctx); cause != nil && (errors.Is(err, cause) || errors.Is(err, context.Canceled)) {
		if g.told {
			g.mu.Unlock()
			return
		}
		g.told, err = true, cause
	}
	first := ctx.Err() == nil
	g.told = g.told || first
	g.errs = append(g.errs, err)
	g.mu.Unlock()
	if first {
		g.cancel(err)
		g.pool.dropAll(g.scope) // before the place of the one that failed is free
	}
}

// wait waits for all tasks, those included that they add, and ends the group.
func (g *Group) wait() {
	ctx := context.WithoutCancel(g.scope.ctx)
	for {
		g.mu.Lock()
		if g.live == 0 {
			g.over = true
			g.mu.Unlock()
			break
		}
		g.mu.Unlock()
		_ = g.pool.awaitScope(ctx, g.empty, g.scope, func() bool { return false })
	}
	g.cancel(nil)
	g.pool.letGo(g.scope)
}

// hold returns a scope for ctx that stays until it is let go.
func (c *core) hold(ctx context.Context) *scope {
	s := c.newScope(ctx)
	c.mu.Lock()
	s.kept = true
	c.mu.Unlock()
	return s
}

func (c *core) letGo(s *scope) {
	c.mu.Lock()
	s.kept = false
	c.retire(s)
	c.unlock()
}

// accepts accepts j into s, which is held, room or not.
func (c *core) accepts(p *Pool, s *scope, j *job) error {
	now := c.stamp()
	c.mu.Lock()
	defer c.unlock()
	switch {
	case c.refuses(s.ctx):
		return ErrClosed
	case s.dead:
		return context.Cause(s.ctx)
	}
	c.accept(j, p, s, now)
	return nil
}

// awaitScope waits for ready, for a task that needs the jobs of s until enough.
func (c *core) awaitScope(ctx context.Context, ready <-chan struct{}, s *scope, enough func() bool) error {
	return c.await(ctx, ready, func() *job {
		if enough() {
			return nil
		}
		for j := s.jobs.head; j != nil; j = j.in[family].next {
			if j.state == waiting {
				return j
			}
		}
		return nil
	}, func(seat *scope) {
		s.wanted = append(s.wanted, seat)
	}, func(seat *scope) {
		s.wanted = without(s.wanted, seat)
	})
}
