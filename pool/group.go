package pool

import (
	"context"
	"errors"
	"iter"
	"sync"
)

// A Group is a set of tasks that stand and fall together, for as long as the
// function given to [Pool.Group] and the tasks themselves run.
type Group struct {
	pool   *Pool
	ctx    context.Context
	cancel context.CancelCauseFunc
	tasks  sync.WaitGroup

	mu   sync.Mutex
	over bool // the group has ended
	told bool // errs has the cause of ctx
	errs []error
}

// Group calls f, which starts tasks with [Group.Go], and returns when f and all
// of the tasks have ended, also if f panics. The first error, f's or a task's,
// cancels ctx for f and the others and is its cause; those that have not started
// never do. Group returns all errors joined, but not those of tasks that ended
// only because they were cancelled.
func (p *Pool) Group(ctx context.Context, f func(ctx context.Context, g *Group) error) error {
	g := &Group{pool: p}
	g.ctx, g.cancel = context.WithCancelCause(ctx)
	returned := false
	defer func() {
		if !returned { // a panic or Goexit in f
			g.cancel(nil)
			g.wait()
		}
	}()
	err := f(g.ctx, g)
	returned = true
	g.note(err)
	g.wait()
	g.cancel(nil)
	if len(g.errs) == 1 {
		return g.errs[0]
	}
	return errors.Join(g.errs...)
}

// Go adds a task to the group. It never blocks: tasks that wait are bounded by
// what the caller adds, so for an endless input use [Map]. Tasks may add tasks.
// It panics once the group has ended.
func (g *Group) Go(f func(context.Context) error) { g.note(g.start(f, g.pool.add)) }

// start makes f a task of the group, accepted by accept.
func (g *Group) start(f func(context.Context) error, accept func(*job) error) error {
	g.mu.Lock()
	if g.over {
		g.mu.Unlock()
		panic("pool: Group.Go on a group that has ended")
	}
	g.tasks.Add(1)
	g.mu.Unlock()
	err := accept(newJob(g.ctx, f, g.note, g.tasks.Done))
	if err != nil {
		g.tasks.Done()
	}
	return err
}

// note keeps err, and cancels the others if it is the first.
func (g *Group) note(err error) {
	if err == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if cause := context.Cause(g.ctx); cause != nil && (errors.Is(err, cause) || errors.Is(err, context.Canceled)) {
		if g.told {
			return
		}
		g.told, err = true, cause
	}
	if g.ctx.Err() == nil {
		g.told = true
		g.cancel(err)
	}
	g.errs = append(g.errs, err)
}

// wait waits for all tasks, those included that they add.
func (g *Group) wait() {
	g.tasks.Wait()
	g.mu.Lock()
	g.over = true
	g.mu.Unlock()
}

// Map calls f for each value of in, as tasks of a group, and returns the results
// in the order of in. The first error cancels the rest, and all errors are
// returned joined, as by [Pool.Group]. It takes the next value of in only when
// there is room for it to wait, so in may be endless.
func Map[In, Out any](
	ctx context.Context, p *Pool, in iter.Seq[In], f func(context.Context, In) (Out, error),
) ([]Out, error) {
	var mu sync.Mutex
	var out []Out
	err := p.Group(ctx, func(_ context.Context, g *Group) error {
		for v := range in {
			mu.Lock()
			i := len(out)
			out = append(out, *new(Out))
			mu.Unlock()
			err := g.start(func(ctx context.Context) error {
				r, err := f(ctx, v)
				mu.Lock()
				out[i] = r
				mu.Unlock()
				return err
			}, p.submit)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
