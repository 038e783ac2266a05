package adaptive

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// A Limiter is an adaptive limit on the calls in flight to one downstream. Make
// it with [New] and share it: its methods are safe for concurrent use. Admitting
// and ending a call take no lock and allocate nothing while no call waits.
type Limiter struct {
	gate gate // first, for its alignment

	samples *samples
	slots   slots
	blocked atomic.Uint64 // arrivals that found no place

	queueMu  sync.Mutex // guards queue and every waiter in it
	queue    queue
	handing  atomic.Int32        // functions of waiters that run now
	bars     [bars]*bar          // who keeps everybody away; guarded by queueMu
	barred   atomic.Pointer[bar] // the first of them, while flagBarred is set
	closed   atomic.Bool
	rejected [RejectReasons]atomic.Uint64
	lateEnds atomic.Uint64

	control control

	// Set by New and never changed.
	config     Config
	clock      func() Instant // nil means base
	base       time.Time
	wall       time.Time
	classifier Classifier
	onDecision func(Decision)
	rejection  [RejectReasons]*RejectedError
}

// New returns a Limiter, or all faults of c joined.
func New(c Config) (*Limiter, error) { return NewWith(c, Parts{}) }

// NewWith is New with parts that are not data.
func NewWith(c Config, parts Parts) (*Limiter, error) {
	law, err := parts.Law, error(nil)
	if law == nil {
		law, err = ParseLaw(c.WithDefaults().Law)
	} else if own, ok := law.(interface{ faults(string) error }); ok {
		err = own.faults(fmt.Sprint(law))
	}
	if err := errors.Join(c.validateNumbers(), err); err != nil {
		return nil, err
	}
	c = c.WithDefaults()
	if parts.Law != nil {
		c.Law = fmt.Sprint(law)
	}
	clk, base := parts.Clock.started()
	l := &Limiter{
		samples: newSamples(stripes(parts.Clock)),
		config:  c, clock: clk.Now, base: base, wall: clk.Wall,
		classifier: parts.Classify, onDecision: parts.OnDecision,
	}
	if l.classifier == nil {
		l.classifier = Classify
	}
	for r := range l.rejection {
		l.rejection[r] = &RejectedError{Name: c.Name, Reason: RejectReason(r)}
	}
	l.start(law.New())
	return l, nil
}

// start puts the initial limit in force and asks the law for its first window.
func (l *Limiter) start(law Controller) {
	c := &l.control
	c.law, c.limit = law, float64(l.config.Initial)
	c.base = newTally()
	c.win = Window{Latency: newHistogram(), Low: newHistogram()}
	l.samples.counts.Store(1<<31 - 1)
	l.enforce()
	now := l.Now()
	c.opened = now
	w := l.closeWindow(now)
	l.apply(now, law.Update(w), &w)
}

// Now is the present instant on the Limiter's clock.
func (l *Limiter) Now() Instant {
	if l.clock != nil {
		return l.clock()
	}
	return sinceBase(l.base)
}

// Config is the configuration in force, with defaults filled in.
func (l *Limiter) Config() Config { return l.config }

// Limit is how many calls may be in flight now.
func (l *Limiter) Limit() int { return l.gate.load().limit() }

// TryAcquire takes a permit if one is free now and no call waits for it. It
// never waits and allocates nothing.
func (l *Limiter) TryAcquire() (Permit, bool) {
	if p, ok := l.try(1); ok {
		return p, true
	}
	l.turnAway()
	return Permit{}, false
}

// Acquire implements [Guard]. It waits in turn, at most Config.MaxWait, with at
// most Config.Queue others. A call that would have to wait and whose deadline is
// nearer than the expected wait and twice the usual round trip is rejected at
// once, and so is one whose turn comes with less than twice the usual round trip left:
// sent, it would time out in flight, and one that timed out for our own queue
// would be taken for an overloaded downstream. The error is a [*RejectedError], what Suspend was
// given, or the cause of ctx.
func (l *Limiter) Acquire(ctx context.Context) (Permit, error) {
	if err := ctx.Err(); err != nil {
		return Permit{}, context.Cause(ctx)
	}
	if p, ok := l.try(1); ok {
		return p, nil
	}
	return l.wait(ctx, Call{Weight: 1})
}

// AcquireFunc implements [Guard]. Config.MaxWait does not apply: a Limiter arms
// no timer, so patience is the caller's stop. A deadline, which a call has from
// [Limiter.With], counts as in Acquire.
func (l *Limiter) AcquireFunc(f func(Permit, error)) (stop func() bool) {
	return l.acquireFunc(Call{Weight: 1}, f)
}

func (l *Limiter) acquireFunc(c Call, f func(Permit, error)) (stop func() bool) {
	if p, ok := l.try(c.Weight); ok {
		call(f, p)
		return notWaiting
	}
	if l.config.Queue < 0 {
		f(Permit{}, l.turnAway())
		return notWaiting
	}
	l.noteBlocked()
	w := newWaiter(c)
	w.f = f
	p, out, queued, err := l.join(w)
	switch {
	case err != nil:
		f(Permit{}, err)
		return notWaiting
	case !queued:
		call(f, p)
		return notWaiting
	}
	l.joined(out)
	return func() bool { return l.withdraw(w) }
}

func notWaiting() bool { return false }

// try admits a call of weight n if so many places are free and nobody waits for
// one.
func (l *Limiter) try(n int) (Permit, bool) {
	// Read before the gate, so that a call counted as admitted in a window was.
	window := l.samples.window.Load()
	w, ok := l.gate.admit(n)
	if !ok && w&flagBarred != 0 && l.lift() {
		w, ok = l.gate.admit(n)
	}
	if !ok && w&flags == flagWaiting && w.room(n) {
		w, ok = l.pass(n)
	}
	if !ok {
		return Permit{}, false
	}
	return l.permit(w, window, n), true
}

// permit makes the permit of a call that the gate has counted.
func (l *Limiter) permit(w word, window uint32, places int) Permit {
	now := l.Now()
	n := w.inFlight()
	// n tells apart the calls of one instant, of which virtual time has many.
	s, held := l.slots.claim(l, n, goroutineHint()^uint64(now)+uint64(n)<<32)
	return Permit{slot: s, word: held, start: now, tag: uint64(window)<<32 | uint64(n), places: places}
}

// noteBlocked counts an arrival that found no place. A window may be waiting for
// calls that never end, so now and then such an arrival looks at it; seldom,
// because rejecting must cost less than a look at the clock. One that is held back
// as the downstream asked says nothing of whether there are places enough.
func (l *Limiter) noteBlocked() {
	if b := l.barred.Load(); b != nil && b.holdsBack() {
		return
	}
	n := l.blocked.Add(1)
	if n&63 == 0 || n&(n-1) == 0 {
		if now := l.Now(); int64(now) >= l.samples.until.Load() {
			l.tick(now)
		}
	}
}

// turnAway counts a blocked arrival that will not wait and returns why.
func (l *Limiter) turnAway() error {
	l.noteBlocked()
	if b := l.barred.Load(); b != nil {
		return l.rejectBy(b)
	}
	return l.reject(RejectLimit)
}

// reject counts a rejection and returns its error.
func (l *Limiter) reject(r RejectReason) error {
	l.rejected[r].Add(1)
	return l.rejection[r]
}

// bar is why nobody is admitted.
type bar struct {
	err         error
	reason      RejectReason
	from, until Instant // of one that holds back, see stands
}

// Who may put up a bar. The lowest that stands is the one that callers are told of.
const (
	forGood   = iota // Close
	suspended        // Suspend
	heldBack         // the downstream's Retry-After
	bars
)

func (l *Limiter) rejectBy(b *bar) error {
	l.rejected[b.reason].Add(1)
	return b.err
}

// Rejection is the error of rejections for reason r; there is one of each.
func (l *Limiter) Rejection(r RejectReason) *RejectedError { return l.rejection[r] }

// finish records how the call of p ended, frees its place and looks at the
// window.
func (l *Limiter) finish(p *Permit, r Result, at Instant) {
	due := l.samples.record(p, r.Outcome, at)
	if r.RetryAfter > 0 && r.Outcome == Refused {
		if b, out := l.holdBack(r.RetryAfter, at); len(out) > 0 {
			defer l.flush(out, b)
		}
	}
	l.release(p.places)
	if due {
		l.tick(at)
	}
}

// release frees n places and hands them to whoever waits.
func (l *Limiter) release(n int) {
	if w := l.gate.release(n); w&flagWaiting != 0 && w.room(1) {
		l.grant()
	}
}
