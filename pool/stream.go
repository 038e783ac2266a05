package pool

import (
	"context"
	"errors"
	"iter"
	"sync"
)

// A Result is what a task ended with.
type Result[T any] struct {
	Value T
	Err   error
}

// AsCompleted calls f for each value of in and yields the results as the tasks
// end, each once. It takes the next value of in only as the pool comes to need it,
// a few more than may run at once, so in may be endless; while in blocks, so does
// the loop. Leaving the loop, and the end of ctx, cancel the rest; the loop returns
// when all of its tasks have ended.
//
// A task that f fails for is yielded with its error, and the others go on. If in
// cannot be worked off because ctx has ended or the pool is closed, the last error
// says so.
func AsCompleted[In, Out any](
	ctx context.Context, p *Pool, in iter.Seq[In], f func(context.Context, In) (Out, error),
) iter.Seq2[Out, error] {
	return func(yield func(Out, error) bool) {
		s, err := newStream(ctx, p, in, f)
		if err == nil {
			defer s.end(nil)
			for t := range s.items(&err) {
				if !yield(t.out, t.err) {
					return
				}
			}
		}
		if err != nil {
			var zero Out
			yield(zero, err)
		}
	}
}

// Gather calls f for each value of in and returns all results and errors in the
// order of in. The error is not nil if some values were not tried, because ctx
// ended or the pool was closed.
func Gather[In, Out any](
	ctx context.Context, p *Pool, in iter.Seq[In], f func(context.Context, In) (Out, error),
) ([]Result[Out], error) {
	s, err := newStream(ctx, p, in, f)
	if err != nil {
		return nil, err
	}
	defer s.end(nil)
	var all []Result[Out]
	for t := range s.items(&err) {
		for len(all) <= t.index {
			all = append(all, Result[Out]{})
		}
		all[t.index] = Result[Out]{t.out, t.err}
	}
	return all, err
}

// Map calls f for each value of in and returns the results in the order of in. The
// first error cancels the rest, and Map returns it once all have ended.
func Map[In, Out any](
	ctx context.Context, p *Pool, in iter.Seq[In], f func(context.Context, In) (Out, error),
) ([]Out, error) {
	s, err := newStream(ctx, p, in, f)
	if err != nil {
		return nil, err
	}
	defer s.end(nil)
	var all []Out
	for t := range s.items(&err) {
		if t.err != nil {
			s.end(t.err)
			return nil, t.err
		}
		for len(all) <= t.index {
			all = append(all, t.out)
		}
		all[t.index] = t.out
	}
	if err != nil {
		return nil, err
	}
	return all, nil
}

// First calls f for the values of in and returns the first result without an
// error; the rest are cancelled. If all fail it returns their errors joined.
func First[In, Out any](
	ctx context.Context, p *Pool, in iter.Seq[In], f func(context.Context, In) (Out, error),
) (Out, error) {
	var zero Out
	s, err := newStream(ctx, p, in, f)
	if err != nil {
		return zero, err
	}
	defer s.end(nil)
	var errs []error
	for t := range s.items(&err) {
		if t.err == nil {
			return t.out, nil
		}
		errs = append(errs, t.err)
	}
	if err != nil {
		errs = append(errs, err)
	}
	if errs == nil {
		return zero, errors.New("pool: First: the input is empty")
	}
	return zero, errors.Join(errs...)
}

// stream is the tasks of one input, and their results until somebody takes them.
type stream[In, Out any] struct {
	pool   *Pool
	scope  *scope
	cancel context.CancelCauseFunc
	in     iter.Seq[In]
	f      func(context.Context, In) (Out, error)
	ready  chan struct{} // has something when results may have come
	live   int           // items taken from in whose result was not taken
	next   int           // index of the next item

	mu      sync.Mutex
	results []*item[In, Out] // in the order in which they ended
}

// item is one value of the input, and what becomes of it.
type item[In, Out any] struct {
	job
	of    *stream[In, Out]
	index int
	in    In
	out   Out
}

func newStream[In, Out any](
	ctx context.Context, p *Pool, in iter.Seq[In], f func(context.Context, In) (Out, error),
) (*stream[In, Out], error) {
	switch {
	case in == nil:
		return nil, errors.New("pool: the input is nil, must be a sequence of values")
	case f == nil:
		return nil, errNoFunction
	case p.fault != nil:
		return nil, p.fault
	}
	inner, cancel := context.WithCancelCause(ctx)
	return &stream[In, Out]{
		pool: p, scope: p.hold(inner), cancel: cancel, in: in, f: f, ready: make(chan struct{}, 1),
	}, nil
}

func (t *item[In, Out]) run(ctx context.Context) (err error) {
	t.out, err = t.of.f(ctx, t.in)
	return err
}

func (t *item[In, Out]) fail(*job, error) {}

func (t *item[In, Out]) gone() {
	s := t.of
	s.mu.Lock()
	s.results = append(s.results, t)
	s.mu.Unlock()
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// ahead is how many items are alive at most: enough that no place waits for the
// one who reads the results.
func (s *stream[In, Out]) ahead() int {
	return min(max(2*min(s.pool.limitNow(), 1<<20), 16), s.pool.config.Queue)
}

// items works in off and yields what has ended. err is set if it could not be
// worked off.
func (s *stream[In, Out]) items(err *error) iter.Seq[*item[In, Out]] {
	return func(yield func(*item[In, Out]) bool) {
		next, stop := iter.Pull(s.in)
		defer stop()
		for more := true; ; {
			batch := s.take()
			s.live -= len(batch)
			for _, t := range batch {
				if !yield(t) {
					return
				}
			}
			switch {
			case more && *err == nil && s.live < s.ahead():
				var v In
				if v, more = next(); more {
					*err = s.start(v)
				}
			case s.live == 0:
				return
			default:
				s.await()
			}
		}
	}
}

func (s *stream[In, Out]) start(v In) error {
	t := &item[In, Out]{of: s, index: s.next, in: v}
	t.work, t.shared = t, true
	if err := s.pool.accepts(s.pool, s.scope, &t.job); err != nil {
		return err
	}
	s.next++
	s.live++
	return nil
}

// await waits until a task has ended since the last time.
func (s *stream[In, Out]) await() {
	// The end of ctx ends the tasks, so there is no need to look at it here.
	ctx := context.WithoutCancel(s.scope.ctx)
	_ = s.pool.awaitScope(ctx, s.ready, s.scope, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.results) > 0
	})
}

func (s *stream[In, Out]) take() []*item[In, Out] {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.results
	s.results = nil
	return r
}

// end cancels what is left and waits for it. Only the first end counts.
func (s *stream[In, Out]) end(cause error) {
	if s.cancel == nil {
		return
	}
	s.cancel(cause)
	s.pool.dropAll(s.scope)
	for s.live -= len(s.take()); s.live > 0; s.live -= len(s.take()) {
		s.await()
	}
	s.pool.letGo(s.scope)
	s.cancel = nil
}
