package pool

import (
	"context"
	"errors"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// A Pool runs tasks as its guard admits them, and no more than its limit at once.
// Make it with [New]; its methods are safe for concurrent use. An idle pool has no
// goroutines.
//
// Tasks start in the order in which they were accepted, those of higher priority
// first. A task that waits for another one of the same pool, with the context that
// it was given, lends it its place: nested tasks do not deadlock, however small
// the limit.
type Pool struct {
	*core
	kind  Kind
	fault error          // of kind
	guard adaptive.Guard // as kind asks it
}

// New returns a Pool whose tasks run under permits of g, or all faults joined.
// Without a guard (nil) only Config.Limit holds. A second pool on the same guard
// is a share of it: with a limit and a queue of its own.
func New(g adaptive.Guard, c Config) (*Pool, error) { return NewWith(g, c, Parts{}) }

// NewWith is New with parts that are not data.
func NewWith(g adaptive.Guard, c Config, parts Parts) (*Pool, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults(g != nil)
	k := &core{
		guard: g, config: c, parts: parts, base: wallClock(),
		limit: c.Limit, pace: newPace(c), budget: budget{retry: c.Retry},
	}
	k.closing, k.endIntake = context.WithCancel(context.Background())
	k.bounded, _ = g.(interface{ Limit() int })
	k.lost = map[*lost]struct{}{}
	k.counts.wait, k.counts.run = newSpread(), newSpread()
	return &Pool{core: k, guard: g}, nil
}

// With returns a view of p for tasks of kind k: what is submitted through it has
// that name, priority, weight and patience. It is the same pool in every other
// way. If k has faults, each use of the view returns them.
func (p *Pool) With(k Kind) *Pool {
	v := &Pool{core: p.core, kind: k, fault: k.validate(p.config, p.core.guard), guard: p.core.guard}
	if w, ok := v.guard.(weigher); ok && v.fault == nil && (k.Weight > 1 || k.Priority != 0) {
		v.guard = w.With(adaptive.Call{Weight: k.Weight, Priority: k.Priority})
	}
	return v
}

// weigher is a guard that can tell calls apart, as a Limiter does.
type weigher interface {
	With(adaptive.Call) adaptive.Guard
}

// SetLimit changes Config.Limit while the pool is in use. Tasks above a lower
// limit are not cut off: none starts until enough have ended.
func (p *Pool) SetLimit(n int) error {
	if n < 1 {
		return errors.New("pool: SetLimit: must be at least 1")
	}
	p.mu.Lock()
	p.limit = n
	p.startMore()
	p.unlock()
	return nil
}

// Go accepts a task that nobody waits for. It blocks and refuses as [Submit]
// does. Parts.OnError hears of its error.
//
// ctx is also the task's: f gets one derived from it, shared with the other such
// tasks that were given ctx.
func (p *Pool) Go(ctx context.Context, f func(context.Context) error) error {
	if err := p.may(ctx, f == nil); err != nil {
		return err
	}
	now := p.stamp()
	s, err := p.enter(ctx, p, false)
	if err == nil {
		j := p.takeSpare()
		j.work = goFunc(f)
		p.accept(j, p, s, now)
	}
	p.unlock()
	return err
}

// may reports why p takes no task with ctx; nil if there is no reason yet.
func (p *Pool) may(ctx context.Context, noFunction bool) error {
	switch {
	case noFunction:
		return errNoFunction
	case p.fault != nil:
		return p.fault
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return nil
}

// goFunc is the work of a task of Pool.Go. Nobody has a handle on its job, so that
// is used again.
type goFunc func(context.Context) error

func (f goFunc) run(ctx context.Context) error { return f(ctx) }
func (f goFunc) fail(j *job, err error)        { j.pool.unheard(err) }
func (f goFunc) gone()                         {}

const maxSpares = 1024 // as many as wait by default

// takeSpare returns a job for a goFunc. The lock is held.
func (c *core) takeSpare() *job {
	j := c.spare
	if j == nil {
		return &job{shared: true}
	}
	c.spare, j.in[line].next = j.in[line].next, nil
	c.spares--
	return j
}

// giveBack keeps j, which is over, for another goFunc. The lock is held.
func (c *core) giveBack(j *job) {
	if c.spares < maxSpares {
		j.err, j.pool, j.scope, j.work, j.rare = nil, nil, nil, nil, nil
		j.in[line].next, c.spare = c.spare, j
		c.spares++
	}
}

// unheard reports an error that no caller hears of.
func (c *core) unheard(err error) {
	if c.parts.OnError != nil {
		c.parts.OnError(err)
		return
	}
	var panicked *PanicError
	if errors.As(err, &panicked) {
		panic(panicked)
	}
}

func (j *job) core() *core { return j.pool.core }

// limitNow is how many tasks may run now, as far as is known.
func (c *core) limitNow() int {
	c.mu.Lock()
	n := c.limit
	c.mu.Unlock()
	if c.bounded != nil {
		n = min(n, c.bounded.Limit())
	}
	return n
}

// Every accepts f as a task now and then every interval, until ctx ends or the
// pool is closed. It never runs twice at once: what is due meanwhile is skipped.
// Parts.OnError hears of its errors. Such a task does not wait for room in the
// queue.
func (p *Pool) Every(ctx context.Context, interval time.Duration, f func(context.Context) error) error {
	if err := p.may(ctx, f == nil); err != nil {
		return err
	}
	if interval <= 0 {
		return errors.New("pool: Every: the interval must be positive")
	}
	e := &every{pool: p, ctx: ctx, interval: interval, f: f, due: p.now()}
	return e.start()
}
