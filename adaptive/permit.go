package adaptive

import "context"

// A Permit is the right to one call in flight.
//
// It is a small value: pass it, copy it, store it. The first end counts,
// whichever copy and goroutine it comes from; any later one is a counted no-op.
// The zero Permit belongs to no Limiter and its methods do nothing.
type Permit struct {
	slot   *slot
	word   uint64  // the slot's word while this permit holds it
	start  Instant // when admitted
	tag    uint64  // window number and calls in flight at admission
	places int     // that it takes
	via    Settler
}

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

// Done gives the permit back and reports how the call ended.
func (p Permit) Done(o Outcome) { p.end(Result{Outcome: o}, true) }

// DoneResult is Done for a result that may carry Retry-After.
func (p Permit) DoneResult(r Result) { p.end(r, true) }

// Release gives the permit back as Abandoned unless it has ended already. It is
// for defer, where it catches a panic, a Goexit and an early return:
//
//	p, err := lim.Acquire(ctx)
//	…
//	defer p.Release()
func (p Permit) Release() {
	if p.slot != nil && p.slot.word.Load() == p.word {
		p.end(Result{Outcome: Abandoned}, false)
	}
}

// Via returns p with s added. Settlers added later are called first.
func (p Permit) Via(s Settler) Permit {
	if p.via != nil {
		s = settlers{s, p.via}
	}
	p.via = s
	return p
}

// Start is when the call was admitted, on its Limiter's clock.
func (p Permit) Start() Instant { return p.start }

type settlers [2]Settler

func (s settlers) Settle(e End) {
	defer s[1].Settle(e)
	s[0].Settle(e)
}

// end ends the permit with r; only the first end of an admission gets past the
// slot. A late one is counted if the caller meant it.
func (p Permit) end(r Result, meant bool) {
	if p.slot == nil {
		return
	}
	l := p.slot.lim
	if !p.slot.word.CompareAndSwap(p.word, p.word+1) {
		if meant {
			l.lateEnds.Add(1)
		}
		return
	}
	if int(r.Outcome) >= Outcomes {
		r.Outcome = Ignored
	}
	at := l.Now()
	if r.Outcome == TimedOut && at.Sub(p.start) < l.typical() {
		// It was given less time than calls usually take, which says nothing of the
		// downstream.
		r.Outcome = Ignored
	}
	if p.via != nil {
		p.settle(l, r, at)
		return
	}
	l.finish(&p, r, at)
}

// settle tells the guards in front; the place is freed even if one panics.
func (p Permit) settle(l *Limiter, r Result, at Instant) {
	defer l.finish(&p, r, at)
	p.via.Settle(End{Result: r, Start: p.start, At: at, Weight: p.places})
}

// unsent gives back a permit whose call was never sent: nothing is recorded.
func (p Permit) unsent() {
	if p.slot.word.CompareAndSwap(p.word, p.word+1) {
		p.slot.lim.release(p.places)
	}
}

// classify reads err as the Limiter's Classifier does.
func (p Permit) classify(ctx context.Context, err error) Result {
	if p.slot == nil {
		return Classify(ctx, err)
	}
	return p.slot.lim.classifier(ctx, err)
}
