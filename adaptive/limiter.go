package adaptive

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flyball-go/flyball/internal/stripe"
)

// A Limiter is an adaptive limit on the calls in flight to one downstream. Make
// it with [New] and share it: its methods are safe for concurrent use. Admitting
// and ending a call take no lock and allocate nothing while no call waits.
type Limiter struct {
	gate gate // first, for its alignment

	// What every call reads: set by New or seldom written.
	clock   func() Instant // nil means base
	base    time.Time
	samples *samples
	slots   slots
	homes   []slot // that may keep a place, see kept.go

	surplus atomic.Int64  // places taken beyond one a call
	blocked atomic.Uint64 // arrivals that found no place, but those turned away at the limit, whom shards count

	keptMu   sync.Mutex // of who moves flagKeep and flagKept; the last in the order of locks
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
	s := newSamples(parts.Clock)
	l := &Limiter{
		samples: s, homes: make([]slot, homesOf*len(s.shards)),
		clock: clk.Now, base: base, wall: clk.Wall,
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
	c.shift = shift(l.config.Load().TimeOneIn)
	l.slots.grown(l, 1)
	l.own(l.homes)
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
	return l.admit(0, 0, 1, true)
}

// Acquire implements [Guard]. It waits in turn, at most Config.MaxWait, with at
// most Config.Queue others. A call that would have to wait and whose deadline is
// nearer than the expected wait and the time in which 95 of 100 calls end is rejected
// at once, and so is one whose turn comes with less than that left: sent, it would
// likely time out in flight, a place spent on nothing, and one that timed out for our
// own queue would be taken for an overloaded downstream. The error is a [*RejectedError], what Suspend was
// given, or the cause of ctx. A nil ctx panics.
//
// A goroutine that acquires again while it holds a permit waits for itself where all
// others do so, too: to know that, every call would have to mark its ctx, which is an
// allocation. Package pool lends such a task's permit instead.
func (l *Limiter) Acquire(ctx context.Context) (Permit, error) {
	if err := alive(ctx); err != nil {
		return Permit{}, context.Cause(ctx)
	}
	if p, ok := l.admit(0, 0, 1, false); ok {
		return p, nil
	}
	if c := l.config.Load(); c.Queue < 0 && !c.Observe { // to be rejected has to cost little
		return Permit{}, l.turnAway()
	}
	return l.wait(ctx, Call{Weight: 1})
}

// alive is ctx.Err.
func alive(ctx context.Context) error {
	if ctx == nil {
		panic("adaptive: Acquire with a nil ctx, must be one such as context.Background()")
	}
	return ctx.Err()
}

// AcquireFunc implements [Guard]. Config.MaxWait does not apply: a Limiter arms
// no timer, so patience is the caller's stop. A deadline, which a call has from
// [Limiter.With], counts as in Acquire.
func (l *Limiter) AcquireFunc(f func(Permit, error)) (stop func() bool) {
	return l.acquireFunc(Call{Weight: 1}, f)
}

func (l *Limiter) acquireFunc(c Call, f func(Permit, error)) (stop func() bool) {
	if p, ok := l.admit(0, 0, c.Weight, false); ok {
		call(f, p)
		return notWaiting
	}
	mark := l.samples.mark.Load()
	if g, ok := l.overrule(c.Weight, true, c.Deadline); ok {
		p, _ := l.admit(g, mark, c.Weight, false)
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

// admit admits a call of weight n, unless the gate has already, which is what
// word w tells, and makes its permit. A call that the gate refuses and that will not
// wait is counted as rejected. Mark was read before the gate, so that a call counted
// as admitted in a window was.
//
// All that most calls need is in this one function, because calling
// functions would be a tenth of what it costs.
func (l *Limiter) admit(w word, mark uint64, n int, reject bool) (p Permit, ok bool) {
	hint := stripe.Hint()
	if w == 0 {
		mark = l.samples.mark.Load()
		w = l.gate.load()
		if w.keeps() && n == 1 {
			h, at := l.home(hint)
			w = l.gate.load() // after the slot, see kept.go
			if at&slotState == slotKept && w.keeps() {
				if h.word.CompareAndSwap(at, at+slotClaim) {
					p.slot, p.word = h, at+slotClaim
					p.tag = tag(mark>>markWindow<<tagWindow) | tagHome | tag(w.inFlight())
				} else {
					l.samples.part()
				}
			}
		}
		switch {
		case p.slot != nil:
		case w&shut == 0 && w.room(n) && l.gate.swap(w, w+places(n)):
			w += places(n)
		default:
			if w, ok = l.tryAgain(w, n, reject); !ok {
				return p, false
			}
		}
	}
	if p.slot == nil {
		p.slot, p.word, p.tag = l.seat(w, mark, hint)
		if n > 1 {
			p = p.weigh(n)
		}
	}
	if k := uint(mark & (1<<markWindow - 1)); k != 0 && !p.slot.drawn(p.word, k) {
		p.start = Instant(l.samples.known.Load())
		p.tag |= tagUntimed
		return p, true
	}
	if l.clock == nil {
		p.start = sinceBase(l.base)
	} else {
		p.start = l.clock()
	}
	if k := uint(mark & (1<<markWindow - 1)); k != 0 {
		l.samples.known.Store(int64(p.start))
	}
	return p, true
}

// seat claims a slot for a call whose place is in the gate, of which w is the word.
func (l *Limiter) seat(w word, mark, hint uint64) (s *slot, held uint64, t tag) {
	inFlight := w.inFlight()
	t = tag(mark>>markWindow<<tagWindow) | tag(inFlight)
	i := stripe.Spread(uint64(inFlight))
	if l.clock == nil {
		i = l.samples.spread(hint)
		if w.keeps() {
			if s, held = l.goHome(hint, w); s != nil {
				return s, held, t | tagHome
			}
		}
	}
	table := *l.slots.table.Load()
	if len(table) < 2*inFlight {
		table = *l.slots.grown(l, inFlight)
	}
	s = &table[i>>32&uint64(len(table)-1)]
	held = s.word.Load()
	if held&slotState == 0 && s.word.CompareAndSwap(held, held+slotHeld) {
		return s, held + slotHeld, t
	}
	s, held = l.slots.search(table, i)
	return s, held, t
}

// tryAgain is for admit where the gate did not say yes at first sight, with word w.
func (l *Limiter) tryAgain(w word, n int, reject bool) (_ word, ok bool) {
	if w&(shut|flagKept) != 0 || w.room(n) { // it may say yes at the second
		w, ok = l.gate.admit(n)
		for !ok && w&flagKept != 0 && w&shut == 0 {
			l.tighten()
			w, ok = l.gate.admit(n)
		}
		if ok {
			return w, true
		}
	}
	switch {
	case w&flagBarred != 0: // perhaps by a Retry-After that is over
		if l.lift() {
			w, ok = l.gate.admit(n)
		}
	case w&flagWaiting != 0 && w.room(n): // perhaps nobody who waits may be let in
		w, ok = l.pass(n)
	}
	if !ok && reject {
		if w, ok = l.overrule(n, false, 0); !ok {
			l.turnAway()
		}
	}
	return w, ok
}

// finish records how the call of p ended, frees its places and looks at the
// window.
func (l *Limiter) finish(p Permit, places int, r Result) {
	at := Instant(0)
	if p.tag&tagUntimed == 0 || r.Outcome == TimedOut || r.RetryAfter > 0 {
		at = l.Now()
	}
	r = l.judged(p, r, at)
	if r.RetryAfter > 0 && r.Outcome == Refused {
		l.finishAndHoldBack(p, places, r, at)
	} else {
		l.finishAt(p, places, r, at)
	}
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
	due := l.samples.record(p.slot.shard, p.tag, r.took(p, at), r.Outcome, at)
	l.release(places)
	if due {
		l.tick(at)
	}
}

// untimedEnds is how many ends of untimed calls were ever counted. What the gate
// counts is read in time, because whoever counts a multiple of a quarter of what it has room for
// reads it.
func (l *Limiter) untimedEnds() uint64 {
	homes := l.samples.untimedAtHome()
	for {
		n := l.samples.untimed.Load() // before the gate, which so is never behind
		d := (l.gate.load().untimed() - n) & untimedMask
		if d == 0 || l.samples.untimed.CompareAndSwap(n, n+d) {
			return n + d + homes
		}
	}
}

func (l *Limiter) finishAndHoldBack(p Permit, places int, r Result, at Instant) {
	if b, out := l.holdBack(r.RetryAfter, at); len(out) > 0 {
		defer l.flush(out, b)
	}
	l.finishAt(p, places, r, at)
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
