package verify

import (
	"context"
	"fmt"
	"time"
)

// When a target that was overloaded counts as back: so many calls in a row, made one
// after the other, as quick as at the knee.
const (
	quick    = 5
	pause    = 20 * time.Millisecond
	patience = 2 * time.Minute
)

// settle waits until the target has got over what was done to it, and returns how
// long that took.
func (c *Check) settle(ctx context.Context) (time.Duration, error) {
	target, closeAll := c.Client(nil, 1)
	defer closeAll()
	begun := time.Now()
	bound := 2*c.Knee.P99 + slack
	var took time.Duration
	for inARow := 0; ; {
		sent := time.Now()
		err := one(ctx, target, c.Timeout)
		took = time.Since(sent)
		switch {
		case ctx.Err() != nil:
			return 0, context.Cause(ctx)
		case err == nil && took <= bound:
			if inARow++; inARow == quick {
				return sent.Sub(begun), nil
			}
		case time.Since(begun) > patience && err != nil:
			return 0, fmt.Errorf("the target did not come back within %v: %w", patience, err)
		case time.Since(begun) > patience:
			return 0, fmt.Errorf("the target did not come back within %v: a call takes %v, at the knee %v (p99)", patience, took.Round(time.Millisecond), c.Knee.P99.Round(time.Millisecond))
		default:
			inARow = 0
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

func one(ctx context.Context, call func(context.Context) error, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return call(ctx)
}
