package adaptive

import (
	"context"
	"time"
)

// A Permit is the right to one call in flight.
//
// It is a small value: pass it, copy it, store it. The first end counts,
// whichever copy and goroutine it comes from; any later one is a counted no-op.
// The zero Permit belongs to no Limiter and its methods do nothing.
//
// Its four words travel in registers and are never written to; a fifth would send every
// copy through memory.
type Permit struct {
	slot  *slot
	word  uint64  // the slot's word while this permit holds it
	start Instant // when admitted; of an untimed call, the last such instant known
	tag   tag
}

// tag is what the end of a call is counted with: 63 … 32 window · 31 extras ·
// 30 untimed · 29 tapped · 28 at home · 24 … 0 calls in flight at admission, its own included.
type tag uint64

const (
	tagExtras   tag = 1 << 31 // the slot has a Settler or a weight
	tagUntimed  tag = 1 << 30 // not drawn for timing, see sampling.go
	tagTapped   tag = 1 << 29 // the slot has a Tap and no extras
	tagHome     tag = 1 << 28 // the slot may keep the place
	tagInFlight tag = 1<<25 - 1
	tagWindow       = 32
)

func (t tag) window() uint32   { return uint32(t >> tagWindow) }
func (t tag) inFlight() uint32 { return uint32(t & tagInFlight) }

// A Settler is how guards stack: one put on a permit with [Permit.Via] hears how
// the call ended, exactly once, before its place is free again. It is called on
// the goroutine that ends the permit and must not block.
type Settler interface{ Settle(e End) }

// An End is how an admitted call ended.
type End struct {
	Result
	Start, At Instant // admission and end, on the Limiter's clock
	Weight    int     // how many permits it took
}

// RoundTrip is how long the call took, as it counts.
func (e End) RoundTrip() time.Duration {
	if e.Took > 0 {
		return e.Took
	}
	return e.At.Sub(e.Start)
}

// took is how long the call of p took, as it counts.
func (r Result) took(p Permit, at Instant) time.Duration {
	if r.Took > 0 {
		return r.Took
	}
	return at.Sub(p.start)
}

// Done gives the permit back and reports how the call ended.
func (p Permit) Done(o Outcome) { p.end(Result{Outcome: o}, true) }

// DoneResult is Done for a result that may carry Retry-After.
func (p Permit) DoneResult(r Result) { p.end(r, true) }

// DoneError is Done for a call that returned err, read as [Do] reads it: by the
// Limiter's Classifier. ctx is what the call ran under.
func (p Permit) DoneError(ctx context.Context, err error) { p.DoneResult(p.classify(ctx, err)) }

// Release gives the permit back as Abandoned unless it has ended already. It is
// for defer, where it catches a panic, a Goexit and an early return:
//
//	p, err := lim.Acquire(ctx)
//	…
//	defer p.Release()
func (p Permit) Release() {
	if p.live() {
		p.end(Result{Outcome: Abandoned}, false)
	}
}

// live reports whether p has not ended yet.
func (p Permit) live() bool { return p.slot != nil && p.slot.word.Load() == p.word }

// Via returns p with s added. Settlers added later are called first. It is for
// whoever admits, before the permit is handed out: a copy made before it ends the call
// without telling s.
func (p Permit) Via(s Settler) Permit {
	if !p.live() {
		return p
	}
	switch {
	case p.tag&tagTapped != 0:
		p.slot.weight = 1
		s = settlers{s, p.slot.tap.Load()}
	case p.tag&tagExtras == 0:
		p.slot.weight = 1
	case p.slot.via != nil:
		s = settlers{s, p.slot.via}
	}
	p.slot.via = s
	p = p.timed()
	p.tag = p.tag&^tagTapped | tagExtras
	return p
}

// Tap is Via for a Tap. It costs least on a permit that tells nobody else and is of
// weight 1.
func (p Permit) Tap(t *Tap) Permit {
	if p.tag&(tagExtras|tagTapped) != 0 || !p.live() {
		return p.Via(t)
	}
	if p.slot.tap.Load() != t { // seldom: a slot keeps the one of the call before
		p.slot.tap.Store(t)
	}
	p = p.timed()
	p.tag |= tagTapped
	return p
}

// timed is p with the time it was admitted at: who listens is told when.
func (p Permit) timed() Permit {
	if p.tag&tagUntimed != 0 {
		p.start = p.slot.lim.Now()
		p.tag &^= tagUntimed
	}
	return p
}

// weigh notes that p takes n places.
func (p Permit) weigh(n int) Permit {
	p.slot.weight, p.slot.via = int32(n), nil
	p.slot.lim.surplus.Add(int64(n - 1))
	p.tag |= tagExtras
	return p
}

// Start is when the call was admitted, on its Limiter's clock. Of a call that is not
// timed it is the last instant known by then, see [Config].TimeOneIn.
func (p Permit) Start() Instant { return p.start }

type settlers [2]Settler

func (s settlers) Settle(e End) {
	defer s[1].Settle(e)
	s[0].Settle(e)
}

// end ends the permit with r; only the first end of an admission gets past the
// slot. A late one is counted if the caller meant it. All that most ends need is in
// this one function, like admit.
func (p Permit) end(r Result, meant bool) {
	s := p.slot
	if s == nil {
		return
	}
	if p.tag&(tagExtras|tagTapped) != 0 {
		if p.tag&tagTapped != 0 {
			p.endTapped(r, meant)
		} else {
			p.settle(r, meant)
		}
		return
	}
	l := s.lim
	if r.Outcome != Success {
		if !s.word.CompareAndSwap(p.word, p.word+slotNext-slotHeld) {
			p.late(meant)
		} else {
			l.finish(p, 1, r)
		}
		return
	}
	// Who keeps the place is counted before it is free, and so before it is known that
	// no other end came first: then, which is next to never, it is taken back.
	keep := p.tag&tagHome != 0 && l.gate.load().keeps()
	if keep && s.word.Load() != p.word || !keep && !s.word.CompareAndSwap(p.word, p.word+slotNext-slotHeld) {
		p.late(meant)
		return
	}
	due, at := false, Instant(0)
	if p.tag&tagUntimed == 0 {
		if l.clock == nil {
			at = sinceBase(l.base)
		} else {
			at = l.clock()
		}
		due = l.samples.record(s.shard, p.tag, r.took(p, at), Success, at)
	} else if keep {
		s.shard.untimed.Add(1)
	}
	switch {
	case keep:
		if w := p.word + slotKept - slotHeld; !s.word.CompareAndSwap(p.word, w) {
			s.shard.twice.Add(1)
			p.late(meant)
		} else if !l.gate.load().keeps() {
			l.unkeep(s, w)
		}
	case p.tag&tagUntimed != 0:
		l.releaseUntimed()
	default:
		if w := l.gate.release(1); w&flagWaiting != 0 && w.room(1) {
			l.grant()
		}
	}
	if due {
		l.tick(at)
	}
}

// unkeep frees the place that a call has kept in s under w, because no places are
// kept any more, unless somebody else has.
func (l *Limiter) unkeep(s *slot, w uint64) {
	if s.takeAway(w) {
		l.release(1)
	}
}

// releaseUntimed frees the place of an untimed call that succeeded.
func (l *Limiter) releaseUntimed() {
	w := l.gate.releaseUntimed()
	if w&flagWaiting != 0 && w.room(1) {
		l.grant()
	}
	if w.untimed()&(untimedMask>>2) == 0 {
		l.untimedEnds()
	}
}

func (p Permit) late(meant bool) {
	if meant {
		p.slot.lim.lateEnds.Add(1)
	}
}

// settle is end for a call with extras.
func (p Permit) settle(r Result, meant bool) {
	via, weight, ok := p.take()
	if !ok {
		p.late(meant)
		return
	}
	l := p.slot.lim
	if via == nil {
		l.finish(p, weight, r)
		return
	}
	l.settle(via, p, weight, r, l.Now())
}

// endTapped is end for a call with a Tap.
func (p Permit) endTapped(r Result, meant bool) {
	s := p.slot
	t := s.tap.Load() // of this call, if it has the slot yet, which is asked next
	l := s.lim
	keep := p.tag&tagHome != 0 && l.gate.load().keeps()
	next := uint64(slotNext)
	if keep {
		next = slotSettling
	}
	if !s.word.CompareAndSwap(p.word, p.word+next-slotHeld) {
		p.late(meant)
		return
	}
	at := l.Now()
	told := r.Outcome != Success || !t.count(s.stripe, at)
	switch {
	case keep && !told:
		due := l.samples.record(s.shard, p.tag, r.took(p, at), Success, at)
		w := p.word + slotKept - slotHeld
		s.word.Store(w)
		if !l.gate.load().keeps() {
			l.unkeep(s, w)
		}
		if due {
			l.tick(at)
		}
		return
	case keep:
		s.word.Store(p.word + slotNext - slotHeld)
	}
	if told {
		l.settle(t.settler, p, 1, r, at)
	} else {
		l.finishAt(p, 1, r, at)
	}
}

// settle tells s how the call of p ended; its places are freed even if s panics.
func (l *Limiter) settle(s Settler, p Permit, weight int, r Result, at Instant) {
	r = l.judged(p, r, at)
	if r.RetryAfter > 0 && r.Outcome == Refused {
		defer l.finishAndHoldBack(p, weight, r, at)
	} else {
		defer l.finishAt(p, weight, r, at)
	}
	s.Settle(End{Result: r, Start: p.start, At: at, Weight: weight})
}

// take ends a permit with extras at its slot and returns them.
func (p Permit) take() (via Settler, weight int, ok bool) {
	s := p.slot
	if !s.word.CompareAndSwap(p.word, p.word+slotSettling-slotHeld) {
		return nil, 0, false
	}
	via, weight = s.via, int(s.weight)
	s.via = nil
	s.word.Store(p.word + slotNext - slotHeld)
	return via, weight, true
}

// unsent gives back a permit whose call was never sent: nothing is recorded, and
// nobody is told.
func (p Permit) unsent() {
	weight, ok := 1, false
	if p.tag&tagExtras != 0 {
		_, weight, ok = p.take()
	} else {
		ok = p.slot.word.CompareAndSwap(p.word, p.word+slotNext-slotHeld)
	}
	if ok {
		p.slot.lim.release(weight)
	}
}

// classify reads err as the Limiter's Classifier does.
func (p Permit) classify(ctx context.Context, err error) Result {
	if p.slot == nil {
		return Classify(ctx, err)
	}
	return p.slot.lim.classifier(ctx, err)
}
