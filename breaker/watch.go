package breaker

import (
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// watch listens for silence: no success for a while, although calls are made. Of
// calls in flight it keeps no list. It marks an instant and counts how many of the
// permits in use then have not been given back yet: those are at least as old.
//
// Of most successes it need not hear, see [phase.spare].
type watch struct {
	mark atomic.Int64 // calls admitted by then are watched
	left atomic.Int64 // of those, in flight, by weight
	due  atomic.Int64 // when to look again

	// Under Breaker.mu.
	quiet  bool             // no success since the last look
	since  adaptive.Instant // of silence, to within an eighth of what is too long
	failed int              // since then
	streak int              // failures in a row
	floor  atFloor
}

// atFloor is what became of calls with the limit at its floor, from the first
// refusal or time-out there on.
type atFloor struct{ good, bad int }

const looks = 8 // in the time that is too long

// start begins to watch at now. Breaker.mu is held.
func (w *watch) start(now adaptive.Instant) {
	w.quiet, w.since, w.failed, w.streak, w.floor = true, now, 0, 0, atFloor{}
	w.mark.Store(math.MinInt64)
	w.left.Store(0)
	w.due.Store(int64(now))
}

// ended takes a call that has ended out of those that are watched.
func (w *watch) ended(e adaptive.End) {
	if int64(e.Start) <= w.mark.Load() {
		w.left.Add(-int64(e.Weight))
	}
}

// succeeded is told of a success. Breaker.mu is held.
func (b *Breaker) succeeded() {
	w := &b.watch
	w.quiet, w.streak = false, 0
	if w.floor.bad > 0 {
		w.floor.good++
		b.leaveFloor()
	}
}

// leaveFloor forgets what was at the floor if the limit is above it.
func (b *Breaker) leaveFloor() (above bool) {
	if above = b.lim.Limit() > b.lim.Config().Min; above {
		b.watch.floor = atFloor{}
	}
	return above
}

// patience is how long silence may last, and how old a call in flight is then that
// counts; 0 if calls in flight tell nothing yet.
func (b *Breaker) patience() (silence, age time.Duration) {
	_, p99 := b.lim.Usual()
	age = min(p99, longest)
	return b.c.Silence + age, age
}

// look is for calls that come while closed: it moves the watch on if it is time.
func (b *Breaker) look(ph *phase, now adaptive.Instant) {
	due := b.watch.due.Load()
	if int64(now) < due || !b.watch.due.CompareAndSwap(due, math.MaxInt64) {
		return // somebody is at it
	}
	b.mu.Lock()
	if b.phase.Load() == ph {
		b.listen(ph, now)
	}
	b.mu.Unlock()
	b.deliver()
}

// listen trips if there was silence for too long. Breaker.mu is held.
func (b *Breaker) listen(ph *phase, now adaptive.Instant) {
	w := &b.watch
	if b.c.Silence < 0 {
		w.due.Store(math.MaxInt64)
		return
	}
	silence, age := b.patience()
	if !w.quiet {
		w.quiet, w.since, w.failed = true, now, 0
		ph.tap.Tell() // before the watched are counted
		b.remark(now)
	}
	w.due.Store(int64(now.Add(max(silence/looks, minWindow))))
	stuck, marked := int64(0), time.Duration(math.MaxInt64)
	if mark := w.mark.Load(); mark != math.MinInt64 {
		if marked = now.Sub(adaptive.Instant(mark)); age > 0 && marked >= age {
			stuck = max(w.left.Load(), 0)
		}
	}
	quietFor := now.Sub(w.since) + silence/looks
	enough := stuck+int64(w.failed) >= int64(b.c.MinCalls) || stuck > 0 && stuck >= int64(b.lim.Limit())
	switch {
	case !enough:
		if marked >= age {
			b.remark(now)
		}
	case quietFor >= silence:
		why := fmt.Sprintf("nothing came back well for %v, with %d calls failed since", brief(quietFor), w.failed)
		if stuck > 0 {
			why += fmt.Sprintf(" and %d in flight for over %v", stuck, brief(marked))
		}
		b.trip(ph, now, why)
	}
}

// remark watches the calls that are in flight now.
func (b *Breaker) remark(now adaptive.Instant) {
	b.watch.mark.Store(int64(now))
	b.watch.left.Store(int64(b.lim.Stats().InFlight))
}
