package breaker

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/internal/stripe"
)

// A Breaker is an [adaptive.Guard]: a circuit breaker in front of a Limiter. Make
// it with [New], one per Limiter, and let every call that should count go through
// it. Its methods are safe for concurrent use.
type Breaker struct {
	lim       *adaptive.Limiter
	c         Config
	onChange  func(Change)
	errOpen   error
	errProbes error
	real      bool // the limiter is on the machine's clock

	// phase is the state and what belongs to it. Each change of state makes a new
	// one, so a result whose phase is not this one is late.
	phase atomic.Pointer[phase]
	watch watch

	rejectedOpen         stripe.Counter // by every caller, as fast as he can
	rejectedProbes, late atomic.Uint64

	mu         sync.Mutex // guards what follows and changes of phase; no foreign code runs under it
	rand       *rand.Rand
	remembered int
	openTime   time.Duration // without jitter; 0 before the first trip
	opened     uint64
	outbox     []notice
	delivering bool
}

// Parts are what a Breaker is given that is not data.
type Parts struct {
	// OnStateChange is called after each change of state, in order and one at a
	// time, with no lock held: it may call the Breaker. It must not block. A panic
	// goes on in the goroutine whose call brought the change about; the Breaker
	// has changed all the same, and later changes are told.
	OnStateChange func(Change)

	// Rand draws the jitter of open times, under the Breaker's lock: it is this
	// Breaker's alone. nil means one of its own, seeded by the system.
	Rand *rand.Rand
}

// New returns a closed Breaker in front of lim, or all faults of c joined.
func New(lim *adaptive.Limiter, c Config) (*Breaker, error) { return NewWith(lim, c, Parts{}) }

// NewWith is New with parts that are not data.
func NewWith(lim *adaptive.Limiter, c Config, parts Parts) (*Breaker, error) {
	err := c.Validate()
	if lim == nil {
		err = errors.Join(errors.New("breaker: limiter is nil, must be one to guard"), err)
	} else {
		err = errors.Join(err, c.validateFor(lim.Config()))
	}
	if err != nil {
		return nil, err
	}
	b := &Breaker{
		lim: lim, c: c.WithDefaults(), onChange: parts.OnStateChange, rand: parts.Rand,
		errOpen:   newRejection(lim.Rejection(adaptive.RejectBreakerOpen), gobreaker.ErrOpenState),
		errProbes: newRejection(lim.Rejection(adaptive.RejectProbes), gobreaker.ErrTooManyRequests),
	}
	if b.rand == nil {
		b.rand = newRand()
	}
	b.real = lim.RealTime()
	now := lim.Now()
	b.watch.start(now)
	b.phase.Store(b.newClosed(Closed, now, "new"))
	return b, nil
}

// Acquire implements [adaptive.Guard]. While open, and in half-open once the
// probes are out, it rejects at once with an error that matches
// [adaptive.ErrRejected] and gobreaker's ErrOpenState or ErrTooManyRequests.
// While closed it waits as the Limiter does, until the breaker opens.
func (b *Breaker) Acquire(ctx context.Context) (adaptive.Permit, error) {
	if ph := b.phase.Load(); ph.state == Closed && !b.lim.Full() {
		p, err := b.lim.Acquire(ctx)
		if err == nil && b.phase.Load() == ph && int64(p.Start()) < b.watch.due.Load() {
			return p.Tap(ph.tap), nil
		}
		return b.acquired(p, err)
	}
	return b.acquire(ctx, b.lim)
}

// AcquireFunc implements [adaptive.Guard].
func (b *Breaker) AcquireFunc(f func(adaptive.Permit, error)) (stop func() bool) {
	return b.acquireFunc(f, b.lim)
}

// acquire admits a call through behind, which is the limiter or a view of it.
func (b *Breaker) acquire(ctx context.Context, behind adaptive.Guard) (adaptive.Permit, error) {
	if ph := b.phase.Load(); ph.state != Closed {
		if ctx.Err() != nil {
			return adaptive.Permit{}, context.Cause(ctx)
		}
		if ph = b.current(); !ph.state.admits() {
			return b.acquireProbe(ph, behind)
		}
	} else if b.lim.Full() {
		b.look(ph, b.lim.Now()) // whoever waits now may wait for calls that hang
	}
	return b.acquired(behind.Acquire(ctx))
}

func (b *Breaker) acquired(p adaptive.Permit, err error) (adaptive.Permit, error) {
	if err != nil {
		return adaptive.Permit{}, b.count(err)
	}
	return b.admit(p)
}

func (b *Breaker) acquireFunc(f func(adaptive.Permit, error), behind adaptive.Guard) (stop func() bool) {
	ph := b.current()
	if ph.state == Closed && b.lim.Full() {
		b.look(ph, b.lim.Now())
		ph = b.phase.Load()
	}
	if !ph.state.admits() {
		f(b.acquireProbe(ph, behind))
		return func() bool { return false }
	}
	return behind.AcquireFunc(newCall(b, f).done)
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
	case Closed, ForcedClosed:
		ph.gather()
		s.Successes, s.Failures, s.Slow = ph.results.counts(now)
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
	ph := b.phase.Load()
	if ph.state == Closed && int64(p.Start()) >= b.watch.due.Load() {
		b.look(ph, p.Start())
		ph = b.phase.Load()
	}
	switch ph.state {
	case Closed, ForcedClosed:
		return p.Tap(ph.tap), nil
	case Disabled:
		return p, nil
	case HalfOpen:
		return b.permit(ph, p)
	}
	p.Done(adaptive.Ignored)
	return adaptive.Permit{}, b.count(b.errOpen)
}

// acquireProbe is acquire while calls do not pass. It never waits: a place among
// the probes is not for calls that queue.
func (b *Breaker) acquireProbe(ph *phase, behind adaptive.Guard) (adaptive.Permit, error) {
	if ph.state != HalfOpen {
		return adaptive.Permit{}, b.count(b.errOpen)
	}
	if !b.mayProbe(ph) {
		return adaptive.Permit{}, b.count(b.errProbes)
	}
	got := make(chan answer, 1)
	stop := behind.AcquireFunc(func(p adaptive.Permit, err error) { got <- answer{p, err} })
	if stop() {
		return adaptive.Permit{}, b.count(b.errProbes)
	}
	a := <-got // there already, or on its way from who frees a place this instant
	if a.err != nil {
		return adaptive.Permit{}, b.count(a.err)
	}
	return b.admit(a.p)
}

type answer struct {
	p   adaptive.Permit
	err error
}

// count counts err if it is the breaker's own, and returns it.
func (b *Breaker) count(err error) error {
	switch err {
	case b.errOpen:
		b.rejectedOpen.Add()
	case b.errProbes:
		b.rejectedProbes.Add(1)
	}
	return err
}
