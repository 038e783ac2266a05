package pool

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// A worker is a goroutine that runs one job after the other, each with a permit
// of its own. It ends when it finds none; the next one is started when there is
// need. Only one worker at a time is on its way to a first job, and starts the
// next one when it gets there: so as many run as there are places if jobs wait,
// and few if they only compute.
type worker struct {
	core   *core
	at     int  // its index in core.staff
	job    *job // that runs; written under core.mu
	over   *job // ended, but its waiters do not know yet
	permit adaptive.Permit
	seat   *scope // whose place it works in, if that is lent
	inside bool   // a user's function runs

	// The guard's answer; see ask.go.
	hand    atomic.Uint32 // settled, inHand or recalled: see ask.go
	recall  error         // why that job is to end, once it is recalled; under core.mu
	asked   atomic.Uint32
	err     error
	take    func(adaptive.Permit, error)
	stop    func() bool
	ended   uint64 // ended when the guard was asked
	weight  int    // that it was asked for
	insists bool   // asks even if the limit seems to be reached
}

// linger is how often a worker looks again before it ends. A goroutine costs more
// than a few rounds of the scheduler.
const linger = 4

// startMore starts a worker if a job waits for one. The lock is held.
func (c *core) startMore() {
	if c.queue.n == 0 || c.hunting || c.paused || c.workers >= c.limit || c.asking != nil || c.full {
		return
	}
	if c.bounded != nil && c.workers >= c.bounded.Limit() {
		c.armNudge()
		return
	}
	c.start(false)
}

func (c *core) start(insists bool) {
	c.hunting = true
	c.workers++
	w := &worker{core: c, insists: insists}
	c.hire(w)
	go w.hunt()
}

// hire and dismiss keep the list of workers. The lock is held.
func (c *core) hire(w *worker) {
	w.at = len(c.staff)
	c.staff = append(c.staff, w)
}

func (c *core) dismiss(w *worker) {
	end := len(c.staff) - 1
	last := c.staff[end]
	c.staff[w.at], last.at = last, w.at
	c.staff[end], c.staff = nil, c.staff[:end]
}

func (w *worker) hunt() {
	now := w.core.stamp()
	w.core.mu.Lock()
	w.core.hunting = false
	if w.seek(now) {
		w.work()
	}
}

// work runs jobs until there are none for w.
func (w *worker) work() {
	defer w.survive()
	for w.serve() {
	}
}

// survive goes on with the next job on another goroutine if a function has ended
// this one by runtime.Goexit. A panic that gets here is on its way to end the
// program.
func (w *worker) survive() {
	if !w.inside {
		return
	}
	w.inside = false
	go func() {
		if w.after(ErrGoexit, w.job.context()) {
			w.work()
		}
	}()
}

// serve runs w's job and finds the next; it reports whether there is one.
func (w *worker) serve() (more bool) {
	j := w.job
	ctx := j.context()
	if ctx.Err() != nil { // its end was noticed here first
		w.fails(context.Cause(ctx))
		w.permit.Done(adaptive.Ignored)
		return w.next()
	}
	d := j.pool.kind.AttemptTimeout
	if d == 0 {
		return w.after(w.call(ctx), ctx)
	}
	attempt, cancel := withTimeout(ctx, d, &TimeoutError{After: d, Attempt: true})
	defer cancel()
	return w.after(w.call(attempt), attempt)
}

// call runs the user's function.
func (w *worker) call(ctx context.Context) (err error) {
	w.inside = true
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			w.inside = false
			err = &PanicError{Value: v, Stack: debug.Stack()}
		} // otherwise Goexit: survive sees to it
	}()
	err = w.job.work.run(ctx)
	returned = true
	w.inside = false
	return err
}

// after reports how an attempt under ctx ended, gives the permit back, and finds
// the next job.
func (w *worker) after(err error, ctx context.Context) (more bool) {
	if err == nil {
		if w.core.guard != nil {
			w.permit.DoneError(ctx, nil)
		}
		return w.next()
	}
	c := w.core
	told := asTimeout(ctx, err)
	if c.retries(w.job, told) {
		now := c.now()
		c.mu.Lock()
		rests := c.rest(w, told, now)
		c.unlock()
		if rests {
			w.permit.DoneError(ctx, err)
			c.mu.Lock()
			return w.on(now)
		}
	}
	w.fails(told)
	if isPanic(err) {
		w.permit.Release()
	} else {
		w.permit.DoneError(ctx, err)
	}
	return w.next()
}

// fails gives w's job its result. The permit is not back yet: an error so stops
// the next task of a group from starting.
func (w *worker) fails(err error) {
	w.job.err = err
	w.job.work.fail(w.job, err)
}

// isPanic reports whether err is how a panic or Goexit of a task is told, rather
// than what the task returned.
func isPanic(err error) bool {
	_, ok := err.(*PanicError)
	return ok || err == ErrGoexit
}

// next makes w's job one that is over and finds the next one.
func (w *worker) next() (more bool) {
	c, j := w.core, w.job
	j.own.release()
	now := c.stamp()
	if j.stands > 0 {
		now = c.now()
	}
	c.mu.Lock()
	c.leaves(w, now)
	c.finish(j)
	if _, ok := j.work.(goFunc); ok {
		c.giveBack(j)
	} else {
		w.over = j
	}
	return w.on(now)
}

// on finds the next job. The lock is held, and given up.
func (w *worker) on(now time.Duration) (more bool) {
	w.permit = adaptive.Permit{}
	if w.seat != nil {
		w.unlock() // who waits may have got what it waited for
		w.core.mu.Lock()
		w.core.dismiss(w)
		w.core.returned(w.seat)
		w.core.unlock()
		return false
	}
	return w.seek(now)
}

// unlock gives up the lock and tells those who wait for the job that is over.
func (w *worker) unlock() {
	w.core.unlock()
	if j := w.over; j != nil {
		w.over = nil
		j.closeWatch()
		j.work.gone()
	}
}

// seek finds w a job and the permit for it, and reports whether it did; if not,
// w has ended. The lock is held, and given up.
func (w *worker) seek(now time.Duration) bool {
	c := w.core
	for looked := 0; ; {
		j := c.first(w)
		if j == nil {
			if c.queue.n == 0 && looked < linger && !c.hunting && c.workers <= c.limit && !c.closed {
				looked++
				c.hunting = true
				w.unlock()
				runtime.Gosched()
				now = c.stamp()
				c.mu.Lock()
				c.hunting = false
				continue
			}
			c.workers--
			c.dismiss(w)
			w.unlock()
			return false
		}
		w.insists = false
		if c.guard != nil {
			w.hand.Store(inHand) // first: begins looks at it
			w.ended = c.ended
		}
		c.begins(w, j, now)
		c.startMore()
		// Who was let in sits on this CPU behind a task that may take all of it for ten
		// milliseconds, and the queue would run dry.
		makesWay := c.room.opened
		if makesWay {
			c.room.opened = false
		}
		w.unlock()
		if makesWay {
			runtime.Gosched()
		}
		if c.guard == nil {
			return true
		}
		switch w.ask(j) {
		case granted:
			return true
		case left:
			return false
		}
	}
}

// first is the job that w may start now; nil if it may none. The lock is held.
func (c *core) first(w *worker) *job {
	if c.workers > c.limit || c.paused || c.asking != nil || c.full {
		return nil
	}
	j := c.queue.first()
	if j == nil {
		return nil
	}
	if !w.insists && c.bounded != nil && c.workers > c.bounded.Limit() {
		c.armNudge()
		return nil
	}
	if c.pace != nil && !c.paid(j) {
		return nil
	}
	return j
}

// begins takes j out of the queue for w to run. The lock is held.
func (c *core) begins(w *worker, j *job, now time.Duration) {
	c.queue.remove(j)
	j.scope.jobs.remove(j, family)
	c.room.made(c)
	w.job, j.state = j, running
	c.beat(now)
	if j.stands > 1 {
		now = c.now()
	}
	j.started, j.stuck = now, false
	j.scope.seat.running++
	c.active++
	c.starts++
	if j.attempts() > 1 && j.attempt() == 1 {
		c.budget.began(now)
	}
	if c.config.Stuck > 0 {
		c.watchStuck()
	}
}

// leaves takes note that w's job does not run any more. The lock is held.
func (c *core) leaves(w *worker, now time.Duration) {
	j := w.job
	w.job = nil
	c.active--
	j.scope.seat.running--
	if n := uint64(j.stands); n > 0 {
		c.counts.wait.add(j.started-j.accepted, n)
		c.counts.run.add(now-j.started, n)
	}
}

// putBack makes j wait again, in front, because w could not start it after all. The
// lock is held.
func (c *core) putBack(w *worker, j *job) {
	recalled := w.hand.Swap(settled) == recalled
	w.job = nil
	c.active--
	j.scope.seat.running--
	c.starts--
	if c.pace != nil {
		c.credit += j.weight()
	}
	j.state = waiting
	c.queue.pushFront(j)
	j.scope.jobs.pushFront(j, family)
	switch { // what happened while it was in hand
	case recalled:
		c.stop(j, w.recall)
	case j.Err() != nil:
		c.stop(j, j.cause())
	}
}

// asTimeout is err, or a TimeoutError if it is how the function says that ctx
// ended for one.
func asTimeout(ctx context.Context, err error) error {
	var own *TimeoutError
	if ctx.Err() == nil || !errors.Is(err, context.DeadlineExceeded) || errors.As(err, &own) {
		return err
	}
	if t, ok := context.Cause(ctx).(*TimeoutError); ok {
		return &TimeoutError{After: t.After, Attempt: t.Attempt, Err: err}
	}
	return err
}
