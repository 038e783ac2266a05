package adaptive

import (
	"iter"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/internal/raced"
)

// The explorer plays small programs of up to five actors in every order of their
// atomic steps. A step is one atomic operation on the gate or a home, or one section under
// queueMu, by the methods that a Limiter uses; only what joins them (the ifs in
// Acquire, release and grant) is repeated below, with a place to switch between
// any two. It all runs in one goroutine, so a run is the list of its choices.

// actor is a program; w.step is where another may move.
type actor func(w *world)

// world is one run.
type world struct {
	t      testing.TB
	l      *Limiter
	pause  func(ready func() bool) // lets others move, at least until ready
	held   int                     // places
	ending int                     // of calls that have not come back from their end
	limit  int                     // in force
	tries  []*bool                 // that go on; whether they have met a full limit
	taking bool                    // somebody takes kept places away
	queued map[*waiter]int         // position of everybody who ever waited
	grants []*waiter               // in order
}

func (w *world) step() { w.pause(nil) }

func (w *world) admit(g word, weight int) {
	w.held += weight
	w.look()
	if known := w.l.gate.load().inFlight(); w.held > known {
		w.t.Fatalf("%d in flight, and the gate knows of %d", w.held, known)
	}
	if g.inFlight() > g.limit() {
		w.t.Fatalf("%d in flight after an admission under a limit of %d", g.inFlight(), g.limit())
	}
}

// acquire returns the waiter in the queue unless it is admitted at once.
func (w *world) acquire(c Call) *waiter {
	g, ok := w.l.gate.admit(c.Weight)
	if ok {
		w.admit(g, c.Weight)
		return nil
	}
	w.step()
	for w.l.gate.load()&flagKept != 0 { // as in enqueue, but step by step
		w.tighten()
	}
	me := newWaiter(c)
	me.ready = make(chan struct{}, 1)
	g, _, err := w.l.enqueue(me, 0)
	require.NoError(w.t, err)
	if g != 0 {
		w.admit(g, c.Weight)
		return nil
	}
	w.queued[me] = len(w.queued)
	w.grant()
	return me
}

func (w *world) release(c Call) {
	w.step()
	w.held -= c.Weight
	w.free(c.Weight)
}

func (w *world) free(n int) {
	if g := w.l.gate.release(n); g&flagWaiting != 0 && g.room(1) {
		w.grant()
	}
}

func (w *world) grant() {
	for {
		w.step()
		if g := w.l.gate.load(); g&flagWaiting == 0 || g&flagBarred != 0 || !g.room(1) {
			return
		}
		w.step()
		next, g := w.l.next()
		if next == nil {
			return
		}
		w.admit(g, next.weight)
		w.grants = append(w.grants, next)
		w.step()
		next.ready <- struct{}{}
	}
}

func (w *world) wait(me *waiter) {
	if me != nil {
		w.pause(func() bool { return len(me.ready) > 0 })
	}
}

// caller acquires, waits its turn, and ends.
func caller(c Call) actor {
	return func(w *world) {
		w.wait(w.acquire(c))
		w.release(c)
	}
}

// leaver acquires, and gives up at some moment if it has to wait.
func leaver(c Call) actor {
	return func(w *world) {
		me := w.acquire(c)
		w.step()
		if me != nil && w.l.unqueue(me) {
			w.grant()
			return
		}
		w.wait(me)
		w.release(c)
	}
}

var (
	one     = Call{Weight: 1}
	two     = Call{Weight: 2}
	three   = Call{Weight: 3}
	urgent  = Call{Weight: 1, Priority: 1}
	urgent2 = Call{Weight: 2, Priority: 3}

	once  = caller(one)
	leave = leaver(one)
)

// try takes a place if there is one, and ends.
func try(w *world) {
	if w.try() {
		w.release(one)
	}
}

// try is TryAcquire where no call has a home.
func (w *world) try() bool {
	full := w.beginTry()
	g, ok := w.l.gate.admit(1)
	for !ok && g&flagKept != 0 && g&shut == 0 {
		w.step()
		w.tighten()
		g, ok = w.l.gate.admit(1)
	}
	if ok {
		w.admit(g, 1)
	} else if !*full && g&shut == 0 {
		w.t.Fatalf("turned away under %d of %d in flight", w.held, w.limit)
	}
	return ok
}

// beginTry returns whether the limit is full at some moment from now on.
func (w *world) beginTry() *bool {
	full := new(bool)
	w.tries = append(w.tries, full)
	w.look()
	return full
}

// look is called where the limit may have become full.
func (w *world) look() {
	for _, full := range w.tries {
		*full = *full || w.held+w.ending >= w.limit
	}
}

// guest is a call that may keep its place in home h, and take one that is kept there.
func guest(h int) actor {
	return func(w *world) {
		s := &w.l.homes[h]
		full := w.beginTry()
		at := s.word.Load()
		w.step()
		g := w.l.gate.load()
		w.step()
		if at&slotState == slotKept && g.keeps() && s.word.CompareAndSwap(at, at+slotClaim) {
			at += slotClaim
			w.admit(g, 1)
		} else {
			*full = *full || w.held+w.ending >= w.limit // so far
			if !w.try() {
				return
			}
			w.step()
			at = s.word.Load()
			if at&slotState != 0 || !s.word.CompareAndSwap(at, at+slotHeld) {
				w.release(one) // it has another slot
				return
			}
			at += slotHeld
		}
		w.step()
		keep := w.l.gate.load().keeps()
		w.step()
		if !keep {
			s.word.Store(at + slotNext - slotHeld)
			w.release(one)
			return
		}
		w.held--
		w.ending++
		s.word.Store(at + slotKept - slotHeld)
		w.step()
		if !w.l.gate.load().keeps() {
			w.step()
			if s.takeAway(at + slotKept - slotHeld) {
				w.step()
				w.free(1)
			}
		}
		w.ending--
	}
}

// loose lets places be kept.
func loose(w *world) {
	w.pause(func() bool { return !w.taking })
	w.l.loosen()
}

// tighten is Limiter.tighten in steps.
func (w *world) tighten() {
	w.pause(func() bool { return !w.taking })
	if w.l.gate.load()&flagKept == 0 {
		return // another has done it
	}
	w.taking = true
	w.l.gate.clear(flagKeep)
	n := 0
	for i := range w.l.homes {
		w.step()
		s := &w.l.homes[i]
		at := s.word.Load()
		w.step()
		if s.takeAway(at) {
			n++
		}
	}
	w.step()
	w.l.gate.release(n)
	w.step()
	w.l.gate.clear(flagKept)
	w.taking = false
}

// stay takes a place for good.
func stay(w *world) { w.wait(w.acquire(one)) }

// set moves the limit.
func set(limits ...int) actor {
	return func(w *world) {
		for _, n := range limits {
			w.l.gate.setLimit(n)
			w.limit = n
			w.look()
			w.grant()
			w.step()
		}
	}
}

// runner is an actor at work.
type runner struct {
	next  func() (ready func() bool, more bool)
	ready func() bool // nil means at once
}

func (r *runner) can() bool { return r.ready == nil || r.ready() }

// stopped is thrown through an actor that waits when its run is over.
type stopped struct{}

// play is one run. choose picks one of n actors that can move; the first of them
// is the one that moved last, if it still can.
func play(t testing.TB, limit int, actors []actor, choose func(n int, lastCan bool) int) {
	w := &world{t: t, l: &Limiter{homes: make([]slot, 2)}, queued: map[*waiter]int{}, limit: limit}
	w.l.config.Store(&Config{Queue: 10})
	w.l.gate.setLimit(limit)
	var yieldOf func(func() bool) bool // of the actor that moves
	w.pause = func(ready func() bool) {
		yield := yieldOf
		if !yield(ready) {
			panic(stopped{})
		}
		yieldOf = yield
	}
	var live []*runner
	for _, a := range actors {
		next, stop := iter.Pull(func(yield func(func() bool) bool) {
			defer func() {
				if r := recover(); r != nil && r != any(stopped{}) {
					panic(r)
				}
			}()
			yieldOf = yield
			a(w)
		})
		defer stop()
		live = append(live, &runner{next: next})
	}
	for last := (*runner)(nil); ; {
		var can []*runner
		for _, r := range live {
			switch {
			case !r.can():
			case r == last:
				can = append([]*runner{r}, can...)
			default:
				can = append(can, r)
			}
		}
		if len(can) == 0 {
			break
		}
		last = can[choose(len(can), can[0] == last)]
		ready, more := last.next()
		last.ready = ready
		if !more {
			live = slices.DeleteFunc(live, func(r *runner) bool { return r == last })
		}
	}
	g, kept := w.l.gate.load(), 0
	for i := range w.l.homes {
		if w.l.homes[i].word.Load()&slotState == slotKept {
			kept++
		}
	}
	switch {
	case kept > 0 && g&flagKept == 0:
		t.Fatalf("%d places are kept, and nobody knows", kept)
	case kept > 0 && w.l.queue.n > 0:
		t.Fatalf("%d places are kept, and %d wait", kept, w.l.queue.n)
	case g&flagKeep != 0 && g&(shut|flagKept) != flagKept:
		t.Fatalf("places are kept under flags %b", g&15)
	case g.inFlight() != w.held+kept:
		t.Fatalf("%d in flight, %d held, %d kept", g.inFlight(), w.held, kept)
	case (g&flagWaiting != 0) != (w.l.queue.n > 0):
		t.Fatalf("flag %v with %d waiting", g&flagWaiting, w.l.queue.n)
	case len(live) != w.l.queue.n:
		t.Fatalf("%d actors stuck, %d waiting", len(live), w.l.queue.n)
	case w.next() != nil && g.room(w.next().weight):
		t.Fatalf("%d of %d in flight, and %d wait for ever", g.inFlight(), g.limit(), w.l.queue.n)
	}
	for i, later := range w.grants {
		for _, earlier := range w.grants[:i] {
			if earlier.level == later.level && earlier.weight >= later.weight && w.queued[earlier] > w.queued[later] {
				t.Fatalf("granted out of turn: number %d before %d", w.queued[earlier], w.queued[later])
			}
		}
	}
}

// next is the waiter whose turn it is.
func (w *world) next() *waiter { return w.l.queue.first(w.l.gate.load().limit()) }

// explore plays every order in which at most preemptions actors are interrupted
// that could have gone on (−1: every order), and returns how many there are.
func explore(t testing.TB, limit, preemptions int, actors ...actor) (runs int) {
	type choice struct{ at, of int }
	var path []choice
	for {
		depth, left := 0, preemptions
		play(t, limit, actors, func(n int, lastCan bool) int {
			if lastCan && left == 0 {
				return 0
			}
			if depth == len(path) {
				path = append(path, choice{0, n})
			}
			c := path[depth]
			depth++
			if lastCan && c.at > 0 {
				left--
			}
			return c.at
		})
		runs++
		for len(path) > 0 && path[len(path)-1].at == path[len(path)-1].of-1 {
			path = path[:len(path)-1]
		}
		if len(path) == 0 {
			return runs
		}
		path[len(path)-1].at++
	}
}

func TestEveryInterleavingKeepsThePromises(t *testing.T) {
	raced.Spare(t)
	total := 0
	for _, c := range []struct {
		name        string
		limit       int
		preemptions int
		actors      []actor
	}{
		{"two calls for one place", 1, -1, []actor{once, once}},
		{"call and leaver", 1, -1, []actor{once, leave}},
		{"call and limit down and up", 2, -1, []actor{once, set(1, 2)}},
		{"try against a call and a waiter", 1, 4, []actor{once, once, try}},
		{"a place gone, and the limit raised", 1, -1, []actor{stay, stay, set(2)}},
		{"leaver in front of a waiter", 1, 4, []actor{once, leave, once}},
		{"two leavers and a waiter", 1, 2, []actor{once, leave, leave, once}},
		{"leavers and a moving limit", 2, 2, []actor{once, leave, once, set(1, 2)}},
		{"limit raised for many", 1, 2, []actor{stay, stay, stay, set(2, 3)}},
		{"limit lowered and raised while calls end", 2, 2, []actor{once, once, stay, set(1, 3)}},
		{"five calls for one place", 1, 1, []actor{once, once, once, once, once}},
		{"five of all kinds", 1, 1, []actor{once, leave, try, set(2, 1), stay}},
		{"two leavers, two calls and a try", 1, 1, []actor{once, leave, leave, once, try}},
		{"limit raised by two for three", 1, 1, []actor{stay, stay, stay, set(2), set(2)}},
		{"two of weight two for three places", 3, -1, []actor{caller(two), caller(two)}},
		{"light ones and a heavy one", 2, 2, []actor{once, caller(two), once, once}},
		{"a heavy one that leaves in front of a light one", 2, 2, []actor{stay, leaver(two), once}},
		{"too heavy until the limit grows", 1, 2, []actor{once, caller(two), once, set(2)}},
		{"a heavy one becomes too heavy", 4, 2, []actor{stay, caller(three), caller(two), set(2)}},
		{"weights, leavers and a moving limit", 3, 1, []actor{caller(two), leaver(three), once, leave, set(2, 3)}},
		{"two priorities", 1, 2, []actor{once, once, caller(urgent)}},
		{"an urgent light one passes a heavy one", 2, 2, []actor{stay, caller(two), caller(urgent), set(3)}},
		{"weights and priorities for two places", 2, 1, []actor{once, leaver(two), caller(urgent), caller(urgent2), try}},
		{"a place is kept and claimed", 4, 3, []actor{loose, guest(0), guest(0)}},
		{"a kept place stands in the way", 1, 3, []actor{loose, guest(0), try}},
		{"two tries for one kept place", 1, 2, []actor{loose, guest(0), try, try}},
		{"two find a kept place, and one waits then", 1, 3, []actor{loose, guest(0), try, stay}},
		{"a kept place, and a call that waits", 1, 2, []actor{loose, guest(0), guest(0), stay, stay}},
		{"a guest comes back while places are taken away", 2, 2, []actor{loose, guest(0), guest(0), stay, try}},
		{"keeping begins again", 2, 2, []actor{loose, guest(0), try, loose, stay}},
		{"kept places and a moving limit", 2, 2, []actor{loose, guest(0), guest(0), stay, set(1)}},
		{"nothing is kept while a heavy one waits", 8, 2, []actor{guest(0), caller(Call{Weight: 8}), loose}},
		{"a heavy one and kept places", 2, 2, []actor{loose, guest(0), guest(1), caller(two)}},
		{"five for two places while the limit moves", 2, 2, []actor{once, leave, once, leave, set(1, 2)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if long() && c.preemptions >= 0 {
				c.preemptions++
			}
			n := explore(t, c.limit, c.preemptions, c.actors...)
			t.Logf("%d runs", n)
			total += n
		})
	}
	t.Logf("%d runs in all", total)
}
