package pool

import (
	"errors"
	"fmt"
)

var (
	// ErrClosed is what a closed pool answers, and the result of tasks that had
	// not started when it was closed.
	ErrClosed = errors.New("pool: closed")

	// ErrCancelled is the result of a task cancelled by [Task.Cancel] before it
	// started, and the cause of its context after.
	ErrCancelled = errors.New("pool: task cancelled")

	// ErrGoexit is the result of a task that called runtime.Goexit.
	ErrGoexit = errors.New("pool: task called runtime.Goexit")
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
