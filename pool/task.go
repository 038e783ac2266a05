package pool

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
)

// A Task is the result to come of a function given to [Submit]. The pool holds it
// until it has ended, whether or not anybody else does; its error is reported to
// Parts.OnError if nobody has taken it by then, nor ever can.
type Task[T any] struct {
	job   job
	f     func(context.Context) (T, error)
	value T // set before the job has ended
}

// Submit accepts f as a task of p. It blocks while the queue is full, until ctx
// ends or p is closed; then f is not run, and the error is the cause of ctx or
// [ErrClosed]. Called with the context of a task of p it does not block: the bound
// is for those who bring work from outside.
//
// ctx is also the task's: f gets one derived from it, and a task whose ctx ends
// while it waits ends with its cause. For a task that outlives its caller pass
// context.WithoutCancel(ctx).
func Submit[T any](ctx context.Context, p *Pool, f func(context.Context) (T, error)) (*Task[T], error) {
	t := &Task[T]{f: f}
	t.job.work = t
	if err := p.submit(ctx, p, &t.job, f == nil); err != nil {
		return nil, err
	}
	return t, nil
}

// Done is closed when the task has its result.
func (t *Task[T]) Done() <-chan struct{} { return t.job.done() }

// Wait returns the task's result once there is one, however often and by however
// many it is asked. The error is f's own, a [*PanicError], [*TimeoutError] or
// [ErrGoexit], or why f never ran: the guard's rejection, the cause of its context
// or of its cancellation, or [ErrClosed]. If ctx ends first, the error is the
// cause of ctx and the task goes on.
//
// A task that waits for another one of the same pool passes the context that it
// was given, or one derived from it, and does nothing else meanwhile: its place is
// lent. It goes on when that is free again, so if ctx ends while the other one
// runs there, Wait still waits for that.
func (t *Task[T]) Wait(ctx context.Context) (T, error) {
	if err := t.job.await(ctx); err != nil {
		var zero T
		return zero, err
	}
	if r := t.job.rare; r != nil && r.lost != nil {
		r.lost.take()
	}
	return t.value, t.job.err
}

// Cancel ends the task with cause if it waits, and cancels its context with that
// cause if it runs; a nil cause is [ErrCancelled]. It does nothing to a task that
// has ended.
func (t *Task[T]) Cancel(cause error) {
	if cause == nil {
		cause = ErrCancelled
	}
	t.job.core().drop(&t.job, cause)
}

func (t *Task[T]) run(ctx context.Context) (err error) {
	t.value, err = t.f(ctx)
	return err
}

// fail keeps an error that nobody waits for from being lost.
func (t *Task[T]) fail(_ *job, err error) {
	if errors.Is(err, ErrClosed) || errors.Is(err, context.Canceled) || errors.Is(err, ErrCancelled) {
		return // somebody meant it
	}
	c := t.job.core()
	c.mu.Lock()
	defer c.mu.Unlock()
	r := t.job.rarely()
	if r.watched {
		return
	}
	r.lost = &lost{core: c, err: err}
	c.lost[r.lost] = struct{}{}
	runtime.AddCleanup(t, (*lost).report, r.lost)
}

func (t *Task[T]) gone() { t.f = nil }

// lost is an error of a task that nobody has asked for yet.
type lost struct {
	core  *core
	err   error
	taken atomic.Bool
}

// take notes that somebody has heard of it, and reports whether that is news.
func (l *lost) take() bool {
	if l.taken.Swap(true) {
		return false
	}
	l.core.mu.Lock()
	delete(l.core.lost, l)
	l.core.mu.Unlock()
	return true
}

// report is for when the task is garbage.
func (l *lost) report() {
	if l.take() && l.core.parts.OnError != nil {
		l.core.parts.OnError(l.err)
	}
}

// queued returns j if it waits in the queue.
func (j *job) queued() *job {
	if j.state != waiting {
		return nil
	}
	return j
}

var over = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// done is closed when j has ended. It is made for the first who waits.
func (j *job) done() <-chan struct{} {
	c := j.core()
	c.mu.Lock()
	defer c.mu.Unlock()
	if j.state == ended {
		return over // nobody changes j.rare from now on
	}
	w := j.watched()
	if w.done == nil {
		w.done = make(chan struct{})
	}
	return w.done
}

// watched is what those who wait for j, which has not ended, keep at it. The lock
// is held.
func (j *job) watched() *rare {
	r := j.rarely()
	r.watched = true
	return r
}

// rarely is j.rare, made if need be. The lock is held.
func (j *job) rarely() *rare {
	if j.rare == nil {
		j.rare = &rare{}
	}
	return j.rare
}
