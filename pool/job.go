package pool

import (
	"container/list"
	"context"
	"runtime/debug"

	"github.com/flyball-go/flyball/adaptive"
)

// job is a task without its type: what the pool keeps of it.
type job struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	run    func(context.Context) error // the user's function
	// Each is called exactly once, with no lock held: result before the permit is
	// back, so that an error stops the next task of a group from starting; gone
	// after, so that whoever waits for this task finds the place free.
	result func(error)
	gone   func()

	// Under Pool.mu.
	elem    *list.Element // in the list that it is in
	waiting bool
	roomy   bool        // holds a place of Pool.room while it waits
	unhook  func() bool // from ctx, while it waits
}

func newJob(ctx context.Context, run func(context.Context) error, result func(error), gone func()) *job {
	j := &job{run: run, result: result, gone: gone}
	j.ctx, j.cancel = context.WithCancelCause(ctx)
	return j
}

// work runs the task under permit.
func (j *job) work(p *Pool, permit adaptive.Permit) {
	defer p.finish(j)
	panicked := false
	defer func() {
		if panicked { // and that is the result; a panic in a callback goes on
			_ = recover()
		}
	}()
	_ = adaptive.Do(j.ctx, granted{permit}, func(ctx context.Context) (err error) {
		returned := false
		defer func() {
			if returned {
				j.result(err)
				return
			}
			v := recover()
			if v == nil {
				j.result(ErrGoexit)
				return
			}
			j.result(&PanicError{Value: v, Stack: debug.Stack()})
			panicked = true
			panic(v) // for Do, which gives the permit back as abandoned
		}()
		err = j.run(ctx)
		returned = true
		return err
	})
}

// granted is a guard for one call, which has its permit already: so Do reads the
// result with the limiter's own classifier.
type granted struct{ permit adaptive.Permit }

func (g granted) Acquire(context.Context) (adaptive.Permit, error) { return g.permit, nil }

func (g granted) AcquireFunc(f func(adaptive.Permit, error)) (stop func() bool) {
	f(g.permit, nil)
	return func() bool { return false }
}
