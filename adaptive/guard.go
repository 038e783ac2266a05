package adaptive

import "context"

// A Guard decides whether a call is sent now, waits, or is rejected.
// [*Limiter] is a Guard; so is a circuit breaker in front of one. Its methods
// are safe for concurrent use.
type Guard interface {
	// Acquire waits until the call is admitted, rejected, or ctx is done.
	// The error matches ErrRejected if the call may not be sent; otherwise it
	// is the cause of ctx. A ctx that is already done is never admitted.
	Acquire(ctx context.Context) (Permit, error)

	// AcquireFunc is Acquire without a goroutine to wait in. It calls f exactly
	// once unless stopped: before it returns if the answer is known, or later,
	// on the goroutine whose Done freed the place. f must not block. Calling
	// stop withdraws a waiting call and reports whether it did so before f was
	// called; a withdrawn f is never called.
	AcquireFunc(f func(Permit, error)) (stop func() bool)
}
