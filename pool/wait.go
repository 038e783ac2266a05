package pool

import "context"

// WaitAll waits until all tasks have ended or ctx ends, and returns those that
// have their result apart from those that have not, each in the order given. A
// deadline is that of ctx; who is late goes on, until it is cancelled:
//
//	done, late := pool.WaitAll(ctx, tasks...)
//	for _, t := range late {
//		t.Cancel(errTooLate)
//	}
func WaitAll[T any](ctx context.Context, tasks ...*Task[T]) (done, late []*Task[T]) {
	for _, t := range tasks {
		if t.job.await(ctx) != nil {
			break
		}
	}
	return apart(tasks)
}

// WaitAny is WaitAll, but it returns as soon as one task has ended.
func WaitAny[T any](ctx context.Context, tasks ...*Task[T]) (done, late []*Task[T]) {
	if len(tasks) == 0 {
		return nil, nil
	}
	signal := make(chan struct{}, 1)
	for _, t := range tasks {
		defer t.job.listen(signal)()
	}
	c := tasks[0].job.core()
	_ = c.await(ctx, signal, func() *job {
		var next *job
		for _, t := range tasks {
			if t.job.over.Load() {
				return nil // enough
			}
			if j := &t.job; next == nil && j.core() == c {
				next = j.queued()
			}
		}
		return next
	}, func(s *scope) {
		for _, t := range tasks {
			t.job.join(c, s)
		}
	}, func(s *scope) {
		for _, t := range tasks {
			t.job.leave(c, s)
		}
	})
	return apart(tasks)
}

// await waits until j has ended or ctx ends, and returns its cause.
func (j *job) await(ctx context.Context) error {
	if j.over.Load() {
		return nil
	}
	c := j.core()
	return c.await(ctx, j.done(), j.queued,
		func(s *scope) { j.join(c, s) }, func(s *scope) { j.leave(c, s) })
}

// join and leave are for tasks in the places of s that wait for j, if it is of c.
// The lock of c is held.
func (j *job) join(c *core, s *scope) {
	if j.core() == c && j.state != ended {
		w := j.watched()
		w.seats = append(w.seats, s)
	}
}

func (j *job) leave(c *core, s *scope) {
	if j.core() == c && j.state != ended {
		j.rare.seats = without(j.rare.seats, s)
	}
}

// listen has signal sent to when j has ended, until stop is called.
func (j *job) listen(signal chan struct{}) (stop func()) {
	c := j.core()
	c.mu.Lock()
	defer c.mu.Unlock()
	if j.state == ended {
		select {
		case signal <- struct{}{}:
		default:
		}
		return func() {}
	}
	w := j.watched()
	w.signals = append(w.signals, signal)
	return func() {
		c.mu.Lock()
		w.signals = without(w.signals, signal)
		c.mu.Unlock()
	}
}

func apart[T any](tasks []*Task[T]) (done, late []*Task[T]) {
	for _, t := range tasks {
		if t.job.over.Load() {
			done = append(done, t)
		} else {
			late = append(late, t)
		}
	}
	return done, late
}
