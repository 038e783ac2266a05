package pool

import "context"

// A Task is the result to come of a function given to [Submit].
type Task[T any] struct {
	pool  *Pool
	job   *job
	done  chan struct{}
	value T     // set before done is closed, like err
	err   error // …
}

// Submit accepts f as a task of p, to be run when the guard admits it. It blocks
// while Config.Queue tasks wait, until ctx ends or p is closed; then f is not run,
// and the error is the cause of ctx or [ErrClosed].
//
// ctx is also the task's: f gets one derived from it, and a task whose ctx ends
// while it waits ends with its cause. For a task that outlives its caller pass
// context.WithoutCancel(ctx).
func Submit[T any](ctx context.Context, p *Pool, f func(context.Context) (T, error)) (*Task[T], error) {
	t := &Task[T]{pool: p, done: make(chan struct{})}
	var value T
	t.job = newJob(ctx, func(ctx context.Context) (err error) {
		value, err = f(ctx)
		return err
	}, func(err error) { t.value, t.err = value, err }, func() { close(t.done) })
	if err := p.submit(t.job); err != nil {
		return nil, err
	}
	return t, nil
}

// Done is closed when the task has its result.
func (t *Task[T]) Done() <-chan struct{} { return t.done }

// Wait returns the task's result once there is one, however often and by however
// many it is asked. The error is f's own, a [*PanicError] or [ErrGoexit], or why
// f never ran: the guard's rejection, the cause of its context, or [ErrClosed].
// If ctx ends first, the error is the cause of ctx and the task goes on.
func (t *Task[T]) Wait(ctx context.Context) (T, error) {
	select {
	case <-t.done:
		return t.value, t.err
	default:
	}
	select {
	case <-t.done:
		return t.value, t.err
	case <-ctx.Done():
		var zero T
		return zero, context.Cause(ctx)
	}
}

// Cancel ends the task with [ErrCancelled] if it waits, and cancels its context
// with that cause if it runs. It does nothing to one that has ended.
func (t *Task[T]) Cancel() {
	t.job.cancel(ErrCancelled)
	t.pool.drop(t.job)
}
