package breaker

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/flyball-go/flyball/adaptive"
)

// A Breaker is an [adaptive.Guard]: a circuit breaker in front of a Limiter. Make
// it with [New], one per Limiter, and let every call that should count go through
// it. Its methods are safe for concurrent use.
type Breaker struct {
	lim       *adaptive.Limiter
	c         Config
	onChange  func(from, to State)
	errOpen   error
	errProbes error

	// phase is the state and what belongs to it. Each change of state makes a new
	// one, so a result whose phase is not this one is late.
	phase atomic.Pointer[phase]

	rejectedOpen, rejectedProbes, late atomic.Uint64

	mu         sync.Mutex // guards what follows and changes of phase; no foreign code runs under it
	remembered int
	openTime   time.Duration // before a Retry-After
	opened     uint64
	outbox     []change
	delivering bool
}

// Parts are what a Breaker is given that is not data.
type Parts struct {
	// OnStateChange is called after each change of state, in order and one at a
	// time, with no lock held: it may call the Breaker. It must not block. A panic
	// goes on in the goroutine whose call brought the change about; the Breaker
	// has changed all the same.
	OnStateChange func(from, to State)
}

// New returns a closed Breaker in front of lim, or all faults of c joined.
func New(lim *adaptive.Limiter, c Config) (*Breaker, error) { return NewWith(lim, c, Parts{}) }

// NewWith is New with parts that are not data.
func NewWith(lim *adaptive.Limiter, c Config, parts Parts) (*Breaker, error) {
	err := c.Validate()
	if lim == nil {
		err = errors.Join(errors.New("breaker: limiter is nil, must be one to guard"), err)
	}
	if err != nil {
		return nil, err
	}
	b := &Breaker{
		lim: lim, c: c.WithDefaults(), onChange: parts.OnStateChange,
		errOpen:   newRejection(lim.Rejection(adaptive.RejectBreakerOpen), gobreaker.ErrOpenState),
		errProbes: newRejection(lim.Rejection(adaptive.RejectProbes), gobreaker.ErrTooManyRequests),
	}
	b.phase.Store(b.newClosed())
	return b, nil
}

// Acquire implements [adaptive.Guard]. While open, and in half-open once the
// probes are out, it rejects at once with an error that matches
// [adaptive.ErrRejected] and gobreaker's ErrOpenState or ErrTooManyRequests.
// While closed it waits as the Limiter does, until the breaker opens.
func (b *Breaker) Acquire(ctx context.Context) (adaptive.Permit, error) {
	if ph := b.phase.Load(); ph.state != Closed {
		if ctx.Err() != nil {
			return adaptive.Permit{}, context.Cause(ctx)
		}
		if ph = b.current(); ph.state != Closed {
			return b.acquireProbe(ph)
		}
	}
	p, err := b.lim.Acquire(ctx)
	if err != nil {
		return adaptive.Permit{}, b.count(err)
	}
	return b.admit(p)
}

// AcquireFunc implements [adaptive.Guard].
func (b *Breaker) AcquireFunc(f func(adaptive.Permit, error)) (stop func() bool) {
	if ph := b.current(); ph.state != Closed {
		f(b.acquireProbe(ph))
		return func() bool { return false }
	}
	return b.lim.AcquireFunc(newCall(b, f).done)
}

// State is where the breaker stands now. Like a call it makes an open breaker
// half-open once its time is over.
func (b *Breaker) State() State { return b.current().state }

// Config is the configuration in force, with defaults filled in.
func (b *Breaker) Config() Config { return b.c }

// Stats returns the present numbers. It changes nothing, State included.
func (b *Breaker) Stats() Stats {
	s := Stats{
		RejectedOpen: b.rejectedOpen.Load(), RejectedProbes: b.rejectedProbes.Load(), Late: b.late.Load(),
	}
	now := b.lim.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	ph := b.phase.Load()
	s.State, s.Remembered, s.Opened = ph.state, b.remembered, b.opened
	switch ph.state {
	case Closed:
		s.Successes, s.Failures = ph.results.counts(now)
	case HalfOpen:
		s.Successes, s.Failures = uint64(ph.good), uint64(ph.bad)
	case Open:
		s.Until = ph.until
	}
	return s
}

// admit decides about a call that the limiter has admitted, which may be long
// after the first look at the state.
func (b *Breaker) admit(p adaptive.Permit) (adaptive.Permit, error) {
	switch ph := b.phase.Load(); ph.state {
	case Closed:
		return p.Via(ph), nil
	case HalfOpen:
		return b.permit(ph, p)
	}
	p.Done(adaptive.Ignored)
	return adaptive.Permit{}, b.count(b.errOpen)
}

// acquireProbe is Acquire while not closed. It never waits: a place among the
// probes is not for calls that queue.
func (b *Breaker) acquireProbe(ph *phase) (adaptive.Permit, error) {
	if ph.state == Open {
		return adaptive.Permit{}, b.count(b.errOpen)
	}
	if b.mayProbe(ph) {
		if p, ok := b.lim.TryAcquire(); ok {
			return b.admit(p)
		}
	}
	return adaptive.Permit{}, b.count(b.errProbes)
}

// count counts err if it is the breaker's own, and returns it.
func (b *Breaker) count(err error) error {
	switch err {
	case b.errOpen:
		b.rejectedOpen.Add(1)
	case b.errProbes:
		b.rejectedProbes.Add(1)
	}
	return err
}
