package pool

import (
	"context"
	"time"
)

// This file is the only place of the package that reads the clock. In a bubble
// of testing/synctest it is the bubble's.

// now is the time since the pool was made.
func (c *core) now() time.Duration { return time.Since(c.base) }

func wallClock() time.Time { return time.Now() }

// after calls f after d, on a goroutine of its own; stop withdraws it.
func after(d time.Duration, f func()) *time.Timer { return time.AfterFunc(d, f) }

// withTimeout is a context that ends with cause after d.
func withTimeout(ctx context.Context, d time.Duration, cause error) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, cause)
}

// until is the time left until t.
func until(t time.Time) time.Duration { return time.Until(t) }

// noContext is for judging an error by itself.
var noContext = context.Background()
