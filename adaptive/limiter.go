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
	surplus atomic.Int64  // places taken beyond one a call
	blocked atomic.Uint64 // arrivals that found no place, but those turned away at the limit, whom shards count

	queueMu  sync.Mutex // guards queue and every waiter in it
	queue    queue
	handing  atomic.Int32        // functions of waiters that run now
	bars     [bars]*bar          // who keeps everybody away; guarded by queueMu
	barred   atomic.Pointer[bar] // the first of them, while flagBarred is set
	closed   atomic.Bool
	rejected [RejectReasons]atomic.Uint64
	lateEnds atomic.Uint64

	control control
	outbox  outbox

	config    atomic.Pointer[Config]       // replaced as a whole, by install
	wouldHave [RejectReasons]atomic.Uint64 // rejections that Config.Observe spared

	// Set by New and never changed.
	clock      func() Instant // nil means base
	base       time.Time
	wall       time.Time
	classifier Classifier
	onDecision func(Decision)
	ownLaw     bool // given in Parts, not by name
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
	if err := errors.Join(c.validateNumbers(), err, parts.Expected.Validate()); err != nil {
		return nil, err
	}
	c = c.WithDefaults()
	if parts.Law != nil {
		c.Law = fmt.Sprint(law)
	}
	clk, base := parts.Clock.started()
	l := &Limiter{
		samples: newSamples(parts.Clock),
		clock:   clk.Now, base: base, wall: clk.Wall,
		classifier: parts.Classify, onDecision: parts.OnDecision, ownLaw: parts.Law != nil,
	}
	l.config.Store(&c)
	l.control.watch.expected = parts.Expected
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
	c.law, c.limit = law, float64(l.config.Load().Initial)
	c.tally = newTally()
	l.samples.counts.Store(1<<31 - 1)
	l.samples.timeOneIn(shift(l.config.Load().TimeOneIn))
	l.enforce()
	now := l.Now()
	c.opened = now
	w := l.closeWindow(now)
	c.closed = now.Add(-lookEvery) // that was none
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
func (l *Limiter) Config() Config { return *l.config.Load() }

// Limit is how many calls may be in flight now.
func (l *Limiter) Limit() int { return l.gate.load().limit() }

// TryAcquire takes a permit if one is free now and no call waits for it. It
// never waits and allocates nothing.
func (l *Limiter) TryAcquire() (Permit, bool) {
	if p, ok := l.try(1); ok {
		return p, true
	}
	if p, ok := l.overrule(1, false, 0); ok {
		return p, true
	}
	l.turnAway()
	return Permit{}, false
}

// Acquire implements [Guard]. It waits in turn, at most Config.MaxWait, with at
// most Config.Queue others. A call that would have to wait and whose deadline is
// nearer than the expected wait and the time in which 95 of 100 calls end is rejected
// at once, and so is one whose turn comes with less than that left: sent, it would
// likely time out in flight, a place spent on nothing, and one that timed out for our
// own queue would be taken for an overloaded downstream. The error is a [*RejectedError], what Suspend was
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
	if p, ok := l.overrule(c.Weight, true, c.Deadline); ok {
		call(f, p)
		return notWaiting
	}
	if l.config.Load().Queue < 0 {
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
	mark := l.samples.mark.Load()
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
	if n > 1 {
		return l.heavy(w, mark, n), true
	}
	return l.permit(w, mark), true
}

// permit makes the permit of a call that the gate has counted.
func (l *Limiter) permit(w word, mark uint64) Permit {
	n := w.inFlight()
	// The window, which is new a thousand times a second at the most, parts
	// goroutines that have met at a slot.
	seed := uint64(n)
	if l.clock == nil {
		seed = goroutineHint() ^ mark
	}
	s, held := l.slots.claim(l, n, seed)
	p := Permit{slot: s, word: held, tag: tag(mark>>markWindow<<tagWindow) | tag(n)}
	k := uint(mark & (1<<markWindow - 1))
	if k == 0 {
		p.start = l.Now()
		return p
	}
	if s.drawn(held, k) {
		p.start = l.Now()
		l.samples.known.Store(int64(p.start))
		return p
	}
	p.start = Instant(l.samples.known.Load())
	p.tag |= tagUntimed
	return p
}

// heavy is permit for a call that takes n places.
func (l *Limiter) heavy(w word, mark uint64, n int) Permit {
	p := l.permit(w, mark)
	if n > 1 {
		l.surplus.Add(int64(n - 1))
		p = p.weigh(n)
	}
	return p
}

// noteBlocked counts an arrival that found no place and may wait for one, or is told
// of a bar. One that is held back as the downstream asked says nothing of whether
// there are places enough.
func (l *Limiter) noteBlocked() {
	if b := l.barred.Load(); b == nil || !b.holdsBack() {
		l.lookSeldom(l.blocked.Add(1))
	}
}

// lookSeldom is called by the n-th of arrivals that found no place. A window may
// be waiting for calls that never end, so now and then such an arrival looks at it;
// seldom, because rejecting must cost less than a look at the clock.
func (l *Limiter) lookSeldom(n uint64) {
	if n&63 == 0 || n&(n-1) == 0 {
		if now := l.Now(); int64(now) >= l.samples.until.Load() {
			l.tick(now)
		}
	}
}

// blockedEver is how many arrivals ever found no place.
func (l *Limiter) blockedEver() uint64 { return l.blocked.Load() + l.samples.turnedAway() }

// turnAway counts a blocked arrival that will not wait and returns why.
func (l *Limiter) turnAway() error {
	if b := l.barred.Load(); b != nil {
		l.noteBlocked()
		return l.rejectBy(b)
	}
	l.lookSeldom(l.samples.shard(goroutineHint()).turnedAway.Add(1))
	return l.rejection[RejectLimit]
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

// finish records how the call of p ended, frees its places and looks at the
// window.
func (l *Limiter) finish(p Permit, places int, r Result) {
	at := Instant(0)
	if p.tag&tagUntimed == 0 || r.Outcome == TimedOut || r.RetryAfter > 0 {
		at = l.Now()
	}
	l.finishAt(p, places, l.judged(p, r, at), at)
}

// judged is r with what it tells about the downstream.
func (l *Limiter) judged(p Permit, r Result, at Instant) Result {
	switch {
	case int(r.Outcome) >= Outcomes:
		r.Outcome = Ignored
	case r.Outcome == TimedOut && at.Sub(p.start) < l.typical():
		// It was given less time than calls usually take, which says nothing of the
		// downstream.
		r.Outcome = Ignored
	}
	return r
}

func (l *Limiter) finishAt(p Permit, places int, r Result, at Instant) {
	due := l.samples.record(p, r, at)
	if r.RetryAfter > 0 && r.Outcome == Refused {
		if b, out := l.holdBack(r.RetryAfter, at); len(out) > 0 {
			defer l.flush(out, b)
		}
	}
	l.release(places)
	if due {
		l.tick(at)
	}
}

// release frees n places and hands them to whoever waits.
func (l *Limiter) release(n int) {
	if n > 1 {
		l.surplus.Add(int64(1 - n))
	}
	if w := l.gate.release(n); w&flagWaiting != 0 && w.room(1) {
		l.grant()
	}
}
