package pool

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var (
	// ErrClosed is what a closed pool answers, and the result of tasks that had
	// not started when it was closed.
	ErrClosed = errors.New("pool: closed")

	// ErrCancelled is the result of a task cancelled without another cause before
	// it started, and the cause of its context after.
	ErrCancelled = errors.New("pool: task cancelled")

	// ErrGoexit is the result of a task that called runtime.Goexit.
	ErrGoexit = errors.New("pool: task called runtime.Goexit")

	errNoFunction = errors.New("pool: the function is nil, must be one to run")
)

// A PanicError is the result of a task that panicked. It wraps the value if that
// is an error.
type PanicError struct {
	Value any
	Stack []byte // of the task, as debug.Stack prints it
}

// Error returns the value and the stack, so that a log shows where it was.
func (e *PanicError) Error() string {
	return fmt.Sprintf("pool: task panicked: %v\n\n%s", e.Value, e.Stack)
}

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// A TimeoutError is the result of a task that took longer than its [Kind] gives
// it, and the cause of its context meanwhile. It matches
// [context.DeadlineExceeded]; that it is a TimeoutError tells it from a deadline
// of the caller.
type TimeoutError struct {
	After   time.Duration // Kind.Timeout or Kind.AttemptTimeout
	Attempt bool          // an attempt, rather than the task with its waiting and all attempts
	Err     error         // what the task returned; nil if it never started
}

func (e *TimeoutError) Error() string {
	what := "task"
	if e.Attempt {
		what = "attempt"
	}
	text := fmt.Sprintf("pool: %s timed out after %v", what, e.After)
	if e.Err != nil && !errors.Is(e.Err, context.DeadlineExceeded) {
		text += ": " + e.Err.Error()
	}
	return text
}

// Is makes errors.Is(err, context.DeadlineExceeded) true.
func (e *TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// Unwrap returns what the task returned.
func (e *TimeoutError) Unwrap() error { return e.Err }
