package pool

import (
	"errors"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// Each worker asks the guard for a permit for each of its jobs. As long as the
// guard answers at once, that is all. When it does not, the job goes back to the
// queue, the worker ends, and what it asked waits in the guard's own queue: one at
// a time for the whole pool, so that others who wait at the same guard have their
// turn between its jobs.
//
// A pool that fills its guard does not wait there while its own jobs end and ask
// in turn. Only if none has started for a while does it, because the limit may
// have risen meanwhile.
const nudgeEvery = 10 * time.Millisecond

const (
	unanswered uint32 = iota
	answered
	waits // at the guard; what is answered now starts a goroutine
)

// A job is in hand while its worker asks for its permit. It counts as one that waits,
// and what ends those recalls it: then it does not start, whatever the guard says.
const (
	settled  uint32 = iota // no job, or one that runs
	inHand                 // one that may have to wait again
	recalled               // … that will not start
)

type asked int

const (
	granted asked = iota
	again         // the lock is held
	left          // the worker has ended
)

// ask asks for a permit for j, which has begun.
func (w *worker) ask(j *job) asked {
	c := w.core
	if w.take == nil {
		w.take = w.answer
	}
	var guard adaptive.Guard
	guard, w.weight = j.guard()
	w.asked.Store(unanswered)
	stop := guard.AcquireFunc(w.take)
	if w.asked.Load() == answered && w.err == nil && w.hand.CompareAndSwap(inHand, settled) {
		if c.awaited.Load() { // for j needs no place in the queue any more
			c.mu.Lock()
			c.awaited.Store(false)
			c.room.made(c)
			c.unlock()
		}
		return granted
	}
	c.mu.Lock()
	if !w.asked.CompareAndSwap(unanswered, waits) {
		if w.err == nil && w.hand.CompareAndSwap(inHand, settled) { // answered between the two looks
			c.room.made(c)
			c.unlock()
			return granted
		}
		c.putBack(w, j)
		if w.err == nil {
			c.unlock()
			w.permit.Done(adaptive.Ignored)
			w.permit = adaptive.Permit{}
			c.mu.Lock()
			return again
		}
		c.refused(w, j)
		return again
	}
	c.putBack(w, j)
	c.workers--
	c.dismiss(w)
	w.job, w.stop = j, stop
	if c.asking == nil {
		c.asking = w
		if w.weight > 1 {
			c.armNudge()
		}
		c.unlock() // and w is another goroutine's from here on
	} else { // another one waits there already
		c.unlock()
		stop()
	}
	return left
}

// inHand is how many jobs are in the hands of workers that ask the guard just now:
// those may wait again. The lock is held.
func (c *core) inHand() (n int) {
	for _, w := range c.staff {
		if w.hand.Load() != settled {
			n++
		}
	}
	return n
}

// guard is whom to ask for a permit for j, and for how many. A job heavier than the
// limit in force is given all of it: its turn would not come otherwise.
func (j *job) guard() (adaptive.Guard, int) {
	c, weight := j.core(), j.weight()
	if weight > 1 && c.bounded != nil {
		if limit := c.bounded.Limit(); limit < weight {
			return c.guard.(weigher).With(adaptive.Call{Weight: limit, Priority: j.pool.kind.Priority}), limit
		}
	}
	return j.pool.guard, weight
}

// answer takes the guard's answer. It runs inside AcquireFunc, or on the goroutine
// whose Done freed the place.
func (w *worker) answer(p adaptive.Permit, err error) {
	w.permit, w.err = p, err
	if w.asked.CompareAndSwap(unanswered, answered) {
		return
	}
	c := w.core
	now := c.now()
	c.mu.Lock()
	wanted := w.job
	w.job = nil
	if c.asking == w {
		c.asking = nil
	}
	if err != nil {
		c.refused(w, wanted)
		c.startMore()
		c.unlock()
		return
	}
	w.insists, c.full = true, false
	j := c.first(w)
	if j != nil && j != wanted && j.weight() != w.weight {
		if j = wanted; j.state != waiting { // the permit is of another weight
			j = nil
		}
	}
	if j == nil || c.workers >= c.limit {
		c.startMore()
		c.unlock()
		p.Done(adaptive.Ignored)
		return
	}
	c.workers++
	next := &worker{core: c, permit: p} // w may not be done with itself yet
	c.hire(next)
	c.begins(next, j, now)
	c.startMore()
	c.unlock()
	go next.work()
}

// refused decides what becomes of j, which waits in front, now that the guard has
// answered w with an error. The lock is held.
func (c *core) refused(w *worker, j *job) {
	if j.state != waiting {
		return
	}
	reason, ok := reasonOf(w.err)
	switch {
	case ok && reason == adaptive.RejectRetryAfter:
		c.full = true
		c.askAfter(c.heldBack())
	case !ok || reason != adaptive.RejectLimit && reason != adaptive.RejectQueueFull:
		c.stop(j, w.err)

	// The guard has no place to wait in, and the limit is reached. A pool with jobs
	// running has a better sign than an error of when to try again: the end of one.
	case c.ended != w.ended:
		// A job has ended since the guard was asked, and with it perhaps what stood in
		// the way: ask again.
	case c.active > c.inHand():
		c.full = true
		c.armNudge()
	default:
		c.stop(j, w.err)
	}
}

func reasonOf(err error) (adaptive.RejectReason, bool) {
	var r *adaptive.RejectedError
	if !errors.As(err, &r) {
		return 0, false
	}
	return r.Reason, true
}

// heldBack is how much longer the guard holds everybody back because the
// downstream asked for it, if it tells; the jobs wait for that.
func (c *core) heldBack() time.Duration {
	if g, ok := c.guard.(interface{ Stats() adaptive.Stats }); ok {
		return g.Stats().RetryAfter
	}
	return 0
}

// withdraw takes w out of the guard's queue, unless it has its answer already or
// a job has come meanwhile.
func (w *worker) withdraw() {
	if !w.stop() {
		return
	}
	c := w.core
	c.mu.Lock()
	if c.asking == w {
		c.asking = nil
	}
	c.startMore()
	c.unlock()
}

// armNudge sees to it that the guard is asked again if no job starts for a while.
// The lock is held.
func (c *core) armNudge() {
	if !c.nudging {
		c.askAfter(nudgeEvery)
	}
}

// askAfter sets when the guard is asked again, if no job starts until then. The
// lock is held.
func (c *core) askAfter(d time.Duration) {
	d = max(d, nudgeEvery)
	c.nudging, c.startsAt = true, c.starts
	if c.nudge == nil {
		c.nudge = after(d, c.nudged)
	} else {
		c.nudge.Reset(d)
	}
}

func (c *core) nudged() {
	c.mu.Lock()
	c.nudging = false
	if w := c.asking; w != nil && w.weight > 1 {
		heavy := c.bounded != nil && w.weight > c.bounded.Limit()
		c.armNudge()
		c.unlock()
		if heavy { // the guard passes it over: ask for less
			w.withdraw()
		}
		return
	}
	if c.queue.n > 0 && c.asking == nil && !c.hunting && !c.paused && c.workers < c.limit {
		if c.starts != c.startsAt {
			c.armNudge()
		} else {
			c.full = false
			c.start(true)
		}
	}
	c.unlock()
}
