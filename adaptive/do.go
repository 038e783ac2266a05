package adaptive

import "context"

// Do calls f once g admits it and reports how it ended, read by the guard's
// Classifier ([Classify] unless [Parts] says otherwise). It returns f's error
// unchanged, or why the call was not sent. If f panics or calls runtime.Goexit
// the permit is given back as Abandoned and the panic goes on.
//
// A Limiter lets Config.Queue calls wait, 1,024 by default, and rejects more: who
// starts a goroutine for each of many thousand calls wants package pool, which
// holds back whoever submits. A ctx that ends while the call waits is reported as
// its cause, which does not match ErrRejected.
func Do(ctx context.Context, g Guard, f func(context.Context) error) error {
	p, err := g.Acquire(ctx)
	if err != nil {
		return err
	}
	defer p.Release()
	err = f(ctx)
	p.DoneError(ctx, err)
	return err
}

// DoValue is Do for a call that returns a value.
func DoValue[T any](ctx context.Context, g Guard, f func(context.Context) (T, error)) (T, error) {
	p, err := g.Acquire(ctx)
	if err != nil {
		var zero T
		return zero, err
	}
	defer p.Release()
	v, err := f(ctx)
	p.DoneError(ctx, err)
	return v, err
}

// Wrap returns f guarded by g: the same function, with [DoValue] around it.
func Wrap[A, R any](g Guard, f func(context.Context, A) (R, error)) func(context.Context, A) (R, error) {
	return func(ctx context.Context, a A) (R, error) {
		return DoValue(ctx, g, func(ctx context.Context) (R, error) { return f(ctx, a) })
	}
}
