package adaptive

import (
	"iter"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// The explorer plays small programs of up to five actors in every order of their
// atomic steps. A step is one atomic operation on the gate, or one section under
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
	queued map[*waiter]int         // position of everybody who ever waited
	grants []*waiter               // in order
}

func (w *world) step() { w.pause(nil) }

func (w *world) admit(g word, weight int) {
	w.held += weight
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
	if g := w.l.gate.release(c.Weight); g&flagWaiting != 0 && g.room(1) {
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
	if g, ok := w.l.gate.admit(1); ok {
		w.admit(g, 1)
		w.release(one)
	}
}

// stay takes a place for good.
func stay(w *world) { w.wait(w.acquire(one)) }

// set moves the limit.
func set(limits ...int) actor {
	return func(w *world) {
		for _, n := range limits {
			w.l.gate.setLimit(n)
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
	w := &world{t: t, l: &Limiter{}, queued: map[*waiter]int{}}
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
	g := w.l.gate.load()
	switch {
	case g.inFlight() != w.held:
		t.Fatalf("%d in flight, %d held", g.inFlight(), w.held)
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
		{"five for two places while the limit moves", 2, 2, []actor{once, leave, once, leave, set(1, 2)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			switch {
			case raced():
				c.preemptions = min(c.preemptions, 1)
			case long() && c.preemptions >= 0:
				c.preemptions++
			}
			n := explore(t, c.limit, c.preemptions, c.actors...)
			t.Logf("%d runs", n)
			total += n
		})
	}
	t.Logf("%d runs in all", total)
}
