package adaptive

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// Outcome says what an ended call tells about the downstream.
type Outcome uint8

const (
	// Ignored tells nothing: the caller gave up, our own guard rejected the
	// call, the answer came from a cache. It is the zero Outcome, so that a
	// forgotten report does no harm.
	Ignored Outcome = iota
	// Success: the downstream did the work. Its round trip teaches the law.
	Success
	// Failure: the downstream answered with an error of its own (a 500, a
	// refused connection, a broken stream). A breaker counts it; it never moves
	// the limit, because a fast error must not look like a fast success.
	Failure
	// Refused: the downstream said that it is overloaded (HTTP 429 or 503, gRPC
	// RESOURCE_EXHAUSTED). It is a sign of overload and may carry Retry-After,
	// which holds everybody back, see Config.MaxRetryAfter.
	Refused
	// TimedOut: a deadline expired before the answer came, ours or the caller's. It
	// is a sign of overload and a censored sample: a call cut off after 5 s is a
	// round trip of at least 5 s. One that had less time than a call usually takes
	// is Ignored: that it was cut off tells of its deadline and not of the downstream.
	TimedOut
	// Abandoned: the permit was given back without a report, after a panic, a
	// Goexit or an early return. It teaches the law nothing; a breaker counts it
	// as a failure.
	Abandoned

	// Outcomes is the number of outcomes, for arrays indexed by Outcome.
	Outcomes = int(Abandoned) + 1
)

var outcomeNames = [Outcomes]string{"ignored", "success", "failure", "refused", "timed out", "abandoned"}

// String returns the outcome in lower case, such as "timed out".
func (o Outcome) String() string {
	if int(o) < Outcomes {
		return outcomeNames[o]
	}
	return "outcome " + strconv.Itoa(int(o))
}

// A Result is an Outcome with what the downstream said about coming back.
type Result struct {
	Outcome    Outcome
	RetryAfter time.Duration // how long the downstream asked us to hold back; 0 if it did not
	Took       time.Duration // the round trip that counts, such as the time to the first byte of a stream; 0 means from admission to the end
}

// A Classifier tells the Result of a call that returned err under ctx. ctx is
// the caller's, so that a caller who left is told from a downstream that failed.
type Classifier func(ctx context.Context, err error) Result

// Classify is the default [Classifier] for plain errors. It looks at ctx before
// err, because a cancelled call may fail with any error: a cancelled ctx is
// Ignored, an expired deadline TimedOut. Of the rest, nil is Success, an error
// with a method Result() Result says so itself, one matching [ErrRejected] is
// Ignored, [context.DeadlineExceeded] is TimedOut, [context.Canceled] is
// Ignored, and any other is a Failure.
//
// A call that succeeded is a Success even if ctx ended meanwhile.
func Classify(ctx context.Context, err error) Result {
	if err == nil {
		return Result{Outcome: Success}
	}
	switch ctx.Err() {
	case context.Canceled:
		return Result{Outcome: Ignored}
	case context.DeadlineExceeded:
		return Result{Outcome: TimedOut}
	}
	var own interface{ Result() Result }
	switch {
	case errors.As(err, &own):
		return own.Result()
	case errors.Is(err, ErrRejected), errors.Is(err, context.Canceled):
		return Result{Outcome: Ignored}
	case errors.Is(err, context.DeadlineExceeded):
		return Result{Outcome: TimedOut}
	}
	return Result{Outcome: Failure}
}

// Refuse marks err as the downstream's own refusal, to be retried no sooner
// than retryAfter (0 if it did not say): [Classify] makes it Refused. Errors
// that err wraps are still found. A nil err stays nil.
func Refuse(err error, retryAfter time.Duration) error {
	if err == nil {
		return nil
	}
	return &marked{err, Result{Outcome: Refused, RetryAfter: retryAfter}}
}

// Ignore marks err as telling nothing about the downstream, such as a 404 or
// an invalid request: [Classify] makes it Ignored. A nil err stays nil.
func Ignore(err error) error {
	if err == nil {
		return nil
	}
	return &marked{err, Result{Outcome: Ignored}}
}

type marked struct {
	error
	result Result
}

func (m *marked) Unwrap() error  { return m.error }
func (m *marked) Result() Result { return m.result }
