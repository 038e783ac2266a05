package breaker

import (
	"context"
	"errors"
	"fmt"

	"github.com/sony/gobreaker/v2"

	"github.com/flyball-go/flyball/adaptive"
)

// TwoStep is a circuit breaker in two steps: gobreaker's TwoStepCircuitBreaker of
// any type. It need not be one that can tell its state.
type TwoStep interface {
	Allow() (done func(error), err error)
}

// Wrap adopts a gobreaker that a program has already: the guard asks it before
// each call and tells it how the call ended. Its clock, its rules and its faults
// stay as they are, and it knows nothing of calls in flight; the limiter behind is
// not coupled with it. A [Breaker] is what to move on to.
//
// The order is that of a Breaker: a breaker that says it is open rejects at
// once, then guard admits, then Allow is asked; if it refuses, the permit goes back
// as Ignored. Every permit ends exactly once, a panic and a Goexit included, so that
// a half-open gobreaker is not kept waiting for ever by one of those; only a call
// that never ends does that.
//
// What gobreaker is told of a call is nil for a success and otherwise an
// [OutcomeError]. Let IsExcluded of its settings be [Excluded], or it takes a
// caller who gave up for a failure. Wrap panics if one of the two is nil.
func Wrap(guard adaptive.Guard, breaker TwoStep) adaptive.Guard {
	if guard == nil || breaker == nil {
		panic("breaker: Wrap needs a guard and a breaker, one of them is nil")
	}
	w := &wrapped{guard: guard, breaker: breaker}
	w.state, _ = breaker.(interface{ State() gobreaker.State })
	return w
}

// An OutcomeError is what a wrapped gobreaker is told of a call that did not succeed.
type OutcomeError struct{ adaptive.Outcome }

// Error implements error.
func (e OutcomeError) Error() string { return fmt.Sprintf("call %v", e.Outcome) }

// Excluded is for IsExcluded of gobreaker's settings: it reports whether err is
// of a call that says nothing of the downstream.
func Excluded(err error) bool {
	var e OutcomeError
	return errors.As(err, &e) && e.Outcome == adaptive.Ignored || errors.Is(err, context.Canceled)
}

type wrapped struct {
	guard   adaptive.Guard
	breaker TwoStep
	state   interface{ State() gobreaker.State } // nil if the breaker does not tell
}

// Acquire implements [adaptive.Guard].
func (w *wrapped) Acquire(ctx context.Context) (adaptive.Permit, error) {
	if ctx.Err() == nil && w.open() {
		return adaptive.Permit{}, refusal(gobreaker.ErrOpenState)
	}
	p, err := w.guard.Acquire(ctx)
	if err != nil {
		return adaptive.Permit{}, err
	}
	return w.admit(p)
}

// AcquireFunc implements [adaptive.Guard].
func (w *wrapped) AcquireFunc(f func(adaptive.Permit, error)) (stop func() bool) {
	if w.open() {
		f(adaptive.Permit{}, refusal(gobreaker.ErrOpenState))
		return func() bool { return false }
	}
	return w.guard.AcquireFunc(func(p adaptive.Permit, err error) {
		if err != nil {
			f(adaptive.Permit{}, err)
			return
		}
		f(w.admit(p))
	})
}

func (w *wrapped) open() bool { return w.state != nil && w.state.State() == gobreaker.StateOpen }

func (w *wrapped) admit(p adaptive.Permit) (adaptive.Permit, error) {
	returned := false
	defer func() {
		if !returned {
			p.Done(adaptive.Ignored) // a callback of the breaker panicked
		}
	}()
	done, err := w.breaker.Allow()
	returned = true
	if err != nil {
		p.Done(adaptive.Ignored)
		return adaptive.Permit{}, refusal(err)
	}
	return p.Via(told(done)), nil
}

// told is gobreaker's done as a Settler.
type told func(error)

func (done told) Settle(e adaptive.End) {
	if e.Outcome == adaptive.Success {
		done(nil)
		return
	}
	done(OutcomeError{e.Outcome})
}

var (
	wrappedOpen   = newRejection(&adaptive.RejectedError{Reason: adaptive.RejectBreakerOpen}, gobreaker.ErrOpenState)
	wrappedProbes = newRejection(&adaptive.RejectedError{Reason: adaptive.RejectProbes}, gobreaker.ErrTooManyRequests)
)

// refusal is err as a rejection of ours, if it is one of gobreaker's.
func refusal(err error) error {
	switch {
	case errors.Is(err, gobreaker.ErrOpenState):
		return wrappedOpen
	case errors.Is(err, gobreaker.ErrTooManyRequests):
		return wrappedProbes
	}
	return newRejection(&adaptive.RejectedError{Reason: adaptive.RejectBreakerOpen}, err)
}
