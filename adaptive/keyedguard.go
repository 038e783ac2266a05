package adaptive

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// keyGuard is the Guard of one key.
type keyGuard[K comparable] struct {
	keyed *Keyed[K]
	key   K
	lim   *Limiter // nil if there were too many keys when it was made
	born  Instant  // when lim's clock began on keyed's; 0 if they are one
	used  atomic.Int64
}

// Acquire implements [Guard].
func (g *keyGuard[K]) Acquire(ctx context.Context) (Permit, error) {
	for {
		if g.lim != nil {
			p, err := g.lim.Acquire(ctx)
			if err != errRetired {
				g.note(p)
				return p, err
			}
		}
		var err error
		k := g.keyed
		if g, err = k.guard(g.key); err != nil {
			k.rejected.Add(1)
			return Permit{}, err
		}
	}
}

// AcquireFunc implements [Guard].
func (g *keyGuard[K]) AcquireFunc(f func(Permit, error)) (stop func() bool) {
	for {
		if g.lim != nil {
			retired := false // only known before AcquireFunc returns: nobody waits at one that is
			stop := g.lim.AcquireFunc(func(p Permit, err error) {
				if err == errRetired {
					retired = true
					return
				}
				g.note(p)
				f(p, err)
			})
			if !retired {
				return stop
			}
		}
		next, err := g.keyed.guard(g.key)
		if err != nil {
			g.keyed.rejected.Add(1)
			f(Permit{}, err)
			return notWaiting
		}
		g = next
	}
}

// note notes when the key was used, seldom enough that calls do not fight over it.
func (g *keyGuard[K]) note(p Permit) {
	if p.slot == nil {
		return
	}
	at := g.born.Add(time.Duration(p.start))
	if used := Instant(g.used.Load()); at.Sub(used) > g.keyed.c.Idle/64 {
		g.used.Store(int64(at))
	}
}

// errRetired is what a Limiter that was evicted answers.
var errRetired = errors.New("adaptive: the key was evicted")

// unused reports whether nobody holds or waits for a permit, and nothing keeps
// calls away that should be remembered.
func (l *Limiter) unused() bool {
	l.lift()
	w := l.tighten()
	return w&shut == 0 && w.inFlight() == 0
}

// retire closes an unused Limiter for good and reports whether it was one. The
// last look and the closing are one step on the gate, so that no call comes
// between.
func (l *Limiter) retire() bool {
	l.lift()
	l.queueMu.Lock()
	defer l.queueMu.Unlock()
	l.bars[forGood] = &bar{err: errRetired, reason: RejectClosed}
	l.barred.Store(l.bars[forGood])
	for {
		w := l.tighten()
		if w&(shut|flagKept) != 0 || w.inFlight() > 0 {
			l.bars[forGood] = nil
			l.barred.Store(l.firstBar())
			return false
		}
		if l.gate.swap(w, w|flagBarred) {
			return true
		}
	}
}
