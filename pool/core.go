package pool

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/flyball-go/flyball/adaptive"
)

// core is what all views of a Pool share.
//
// Lock order: mu before those of contexts. User code, the guard and the callbacks
// of contexts are never called under it; what must be called because of something
// done under it is put aside until unlock.
type core struct {
	// What every task writes to is in front, on two cache lines: a CPU that needs what
	// another one has written to waits for it, line by line. The first ends with starts,
	// for the heap has a word of its own in front of core; the second with the head of
	// queue. mu guards it all.
	mu      sync.Mutex
	live    int    // jobs accepted and not ended
	active  int    // jobs that run
	workers int    // that hold a place or look for work
	hunting bool   // a worker looks for work: it will take the next job
	full    bool   // the guard lets nobody wait: ask again when a job has ended
	ended   uint64 // jobs, ever
	starts  uint64 // of jobs, ever

	accepted uint64 // jobs, ever
	spare    *job   // through line
	spares   int
	queue    queue

	asking *worker       // waits at the guard
	idle   chan struct{} // closed when live falls to 0; nil if nobody waits for that
	counts counts

	// Set by New and never changed.
	guard     adaptive.Guard           // nil: the limit below is the only one
	bounded   interface{ Limit() int } // the guard, if it tells its limit
	config    Config
	parts     Parts
	base      time.Time
	closing   context.Context // ends when no task is accepted any more
	endIntake context.CancelFunc
	pace      *rate.Limiter // nil: any rate

	// Under mu, and seldom written to.
	limit     int
	room      room
	closed    bool      // no job is accepted any more
	cancelled bool      // nor tried again
	scopes    *scope    // that have jobs
	staff     []*worker // with the jobs that run
	recent    [4]*scope
	oldest    int
	lent      int // jobs that run in the place of one that waits
	resting   int
	lost      map[*lost]struct{} // errors that nobody has asked for

	// What the guard was asked; see ask.go.
	nudge    *time.Timer
	nudging  bool
	startsAt uint64 // starts when the nudge was armed

	credit   int  // weight that may start without asking pace
	paused   bool // until pace lets the next one start
	checking bool // whether jobs are stuck
	budget   budget

	// See stamp.go.
	coarse    atomic.Int64 // the reading that stands for the time; 0 if the clock is read
	beatsAt   uint64       // starts when the last tick or count began
	beatsFrom time.Duration
	ticker    *time.Timer

	// To be done when mu is given up.
	retired []*scope
	over    jobs // stopped before they ran, or between two attempts

	awaited atomic.Bool // an answer of the guard may make room; see ask.go
}

// unlock gives up the lock and does what had to wait for that.
func (c *core) unlock() {
	var idle *worker // waits at the guard for nothing
	if c.asking != nil && c.queue.n == 0 {
		idle = c.asking
	}
	if idle == nil && c.over.empty() && len(c.retired) == 0 {
		c.mu.Unlock()
		return
	}
	retired, over := c.retired, c.over
	c.retired, c.over = nil, jobs{}
	c.mu.Unlock()
	for _, s := range retired {
		s.release()
	}
	if !over.empty() {
		c.abandon(over.head)
	}
	if idle != nil {
		idle.withdraw()
	}
}

// accept makes j wait in s. The lock is held, and the job is of no closed pool.
func (c *core) accept(j *job, p *Pool, s *scope, now time.Duration) {
	j.pool, j.scope = p, s
	c.sample(j, now)
	s.add(j)
	c.live++
	c.enqueue(j)
}

// enqueue puts j at the end of the queue and sees to it that somebody takes it.
func (c *core) enqueue(j *job) {
	j.state = waiting
	c.queue.push(j)
	c.lendTo(j)
	c.startMore()
}

// submit accepts j as soon as it may wait. The error says why it was not.
func (c *core) submit(ctx context.Context, p *Pool, j *job, noFunction bool) error {
	if err := p.may(ctx, noFunction); err != nil {
		return err
	}
	now := c.stamp()
	s, err := c.enter(ctx, p, false)
	if err == nil {
		c.accept(j, p, s, now)
	}
	c.unlock()
	return err
}

// enter waits until a job with ctx may be accepted, if it has to wait for room. It
// returns with the lock held.
func (c *core) enter(ctx context.Context, p *Pool, anyway bool) (s *scope, err error) {
	if d := p.kind.Timeout; d > 0 {
		timed, cancel := withTimeout(ctx, d, &TimeoutError{After: d})
		s = c.newScope(timed)
		s.cancel = cancel
		c.mu.Lock()
		err = c.admit(timed, anyway)
	} else {
		c.mu.Lock()
		if err = c.admit(ctx, anyway); err == nil {
			s = c.scopeOf(ctx)
		}
	}
	switch {
	case err != nil:
	case c.refuses(s.ctx): // since the lock was given up
		err = ErrClosed
	case s.dead:
		err = context.Cause(s.ctx)
	}
	if err != nil && s != nil {
		c.retire(s)
	}
	return s, err
}

// refuses reports whether a job with ctx comes too late. While a closed pool
// drains, its own tasks may still bring what they need to end. The lock is held.
func (c *core) refuses(ctx context.Context) bool {
	return c.closed && (c.cancelled || c.live == 0 || ctx.Value(seatOf{c}) == nil)
}

// finish makes j, whose result is known, one that is over. The lock is held; gone
// is to be called once it is not.
func (c *core) finish(j *job) {
	c.live--
	c.ended++
	if j.err != nil {
		c.counts.fail(j.err, j.state != stopped)
	}
	c.full = false
	j.scope.left()
	j.state = ended
	if !j.shared {
		j.over.Store(true)
	}
	if w := j.rare; w != nil {
		for _, s := range w.signals {
			select {
			case s <- struct{}{}:
			default:
			}
		}
	}
	if c.live == 0 && c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
}

// closeWatch tells those who wait for j alone. It is over and no lock is held.
func (j *job) closeWatch() {
	if j.rare != nil && j.rare.done != nil {
		close(j.rare.done)
	}
}

// stop takes j, which waits or rests, out of where it is and gives it its result.
// The lock is held; unlock does the rest.
func (c *core) stop(j *job, why error) {
	if j.state == resting {
		c.resting--
		j.rare.tries.timer.Stop()
	} else {
		c.queue.remove(j)
		c.room.made(c)
	}
	j.scope.jobs.remove(j, family)
	j.state = stopped
	j.err = why
	c.over.push(j, line)
}

// abandon ends a list of jobs that were stopped. No lock is held.
func (c *core) abandon(first *job) {
	for j := first; j != nil; j = j.in[line].next {
		j.own.release()
		j.work.fail(j, j.err)
	}
	c.mu.Lock()
	for j := first; j != nil; j = j.in[line].next {
		c.finish(j)
	}
	c.unlock()
	for j := first; j != nil; {
		next := j.in[line].next // gone may make j another one
		j.in[line] = links{}
		j.closeWatch()
		j.work.gone()
		j = next
	}
}

// idlesNow reports whether j neither runs nor has a result.
func (j *job) idlesNow() bool {
	return j.state == waiting || j.state == resting
}

// drop ends j with why if it waits or rests, and cancels its context if it runs.
func (c *core) drop(j *job, why error) {
	c.mu.Lock()
	runs := j.state == running
	if j.idlesNow() {
		c.stop(j, why)
	}
	c.unlock()
	if runs {
		j.cancel(why)
	}
}

// dropAll ends the jobs of s that wait or rest, with the cause of their context,
// and lets nobody into s any more.
func (c *core) dropAll(s *scope) {
	why := context.Cause(s.ctx)
	c.mu.Lock()
	s.dead = true
	for i, r := range c.recent {
		if r == s {
			c.recent[i], s.kept = nil, false
		}
	}
	s.each(func(j *job) { c.stop(j, why) })
	c.unlock()
}

// eachTaken calls f for every job that runs, or is in hand. The lock is held.
func (c *core) eachTaken(f func(j *job, runs bool)) {
	for _, w := range c.staff {
		if w.job != nil {
			f(w.job, w.hand.Load() == settled)
		}
	}
}

// eachIdle calls f, which may stop it, for every job that waits or rests, oldest
// first within a scope. The lock is held.
func (c *core) eachIdle(f func(*job)) {
	for s := c.scopes; s != nil; s = s.next {
		s.each(f)
	}
}
