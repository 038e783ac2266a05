package pool

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/flyball-go/flyball/adaptive"
)

// Config is what can be tuned of a Pool. The zero Config works.
type Config struct {
	Queue int // how many tasks of Submit, Go and Map may wait before these block; 0 means 1,024
}

const defaultQueue = 1024

// Parts are what a Pool is given that is not data.
type Parts struct {
	// OnError is called with each error of a task given to Pool.Go, whether it ran
	// or was rejected. It must not block. nil means that errors are dropped and
	// that a panic ends the program, as in a go statement: nobody else would hear
	// of it.
	OnError func(error)
}

// A Pool runs tasks as its guard admits them. Make it with [New]; its methods are
// safe for concurrent use. It starts no goroutines but those of tasks.
//
// Tasks start in the order in which they were accepted. The pool waits for one
// permit at a time, so others who wait at the same guard have their turn between
// its tasks.
//
// A task that waits for another one of the same pool holds its permit meanwhile:
// a pool all of whose tasks do that stands still until a context ends.
type Pool struct {
	guard   adaptive.Guard
	onError func(error)
	room    chan struct{} // holds one for each waiting task that had to find room
	closing chan struct{} // closed when no task is accepted any more

	mu      sync.Mutex // no foreign code runs under it
	waiting list.List  // of *job, oldest first
	running list.List  // of *job
	live    int        // accepted, and their result not yet taken
	ended   uint64
	closed  bool
	drained chan struct{} // closed when live falls to 0; nil if nobody waits for that

	pumping bool        // somebody asks the guard for permits
	asking  bool        // the guard has not answered yet
	stop    func() bool // withdraws what was asked
	asked   uint64      // ended when the guard was asked
	full    bool        // the guard lets nobody wait: ask again when a task has ended
}

// New returns a Pool whose workers are the permits of g, or all faults joined.
func New(g adaptive.Guard, c Config) (*Pool, error) { return NewWith(g, c, Parts{}) }

// NewWith is New with parts that are not data.
func NewWith(g adaptive.Guard, c Config, parts Parts) (*Pool, error) {
	var faults []error
	if g == nil {
		faults = append(faults, errors.New("pool: guard is nil, must be one to work under"))
	}
	if c.Queue < 0 {
		faults = append(faults, fmt.Errorf("pool: config: Queue is %d, must be at least 1, or 0 for %d", c.Queue, defaultQueue))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	if c.Queue == 0 {
		c.Queue = defaultQueue
	}
	return &Pool{
		guard: g, onError: parts.OnError,
		room: make(chan struct{}, c.Queue), closing: make(chan struct{}),
	}, nil
}

// Go accepts a task that nobody waits for. It blocks and refuses as [Submit]
// does, and ctx is the task's. Parts.OnError hears of its error.
func (p *Pool) Go(ctx context.Context, f func(context.Context) error) error {
	var fatal error
	return p.submit(newJob(ctx, f, func(err error) {
		switch e := (*PanicError)(nil); {
		case err != nil && p.onError != nil:
			p.onError(err)
		case errors.As(err, &e):
			fatal = e
		}
	}, func() {
		if fatal != nil {
			panic(fatal)
		}
	}))
}

// Stats is where a Pool stands.
type Stats struct {
	Waiting int    // tasks accepted and not started
	Running int    // tasks started and not ended
	Ended   uint64 // tasks that have their result
}

// Stats returns the present numbers, all of one instant.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Stats{Waiting: p.waiting.Len(), Running: p.running.Len(), Ended: p.ended}
}

// submit accepts j once there is room for it to wait.
func (p *Pool) submit(j *job) error {
	if j.ctx.Err() == nil {
		select {
		case p.room <- struct{}{}:
			j.roomy = true
			return p.add(j)
		case <-p.closing:
			j.cancel(ErrClosed)
			return ErrClosed
		case <-j.ctx.Done():
		}
	}
	defer j.cancel(nil)
	return context.Cause(j.ctx)
}

// add accepts j, room or not.
func (p *Pool) add(j *job) error {
	p.mu.Lock()
	if p.closed {
		if j.roomy {
			<-p.room
		}
		p.mu.Unlock()
		j.cancel(ErrClosed)
		return ErrClosed
	}
	p.live++
	j.elem, j.waiting = p.waiting.PushBack(j), true
	j.unhook = context.AfterFunc(j.ctx, func() { p.drop(j) })
	p.mu.Unlock()
	p.pump()
	return nil
}

// drop ends j with the cause of its context, if it still waits.
func (p *Pool) drop(j *job) {
	p.mu.Lock()
	if !j.waiting {
		p.mu.Unlock()
		return
	}
	p.unqueue(j)
	p.mu.Unlock()
	p.fail(j, context.Cause(j.ctx))
}

// unqueue takes j out of those that wait. mu is held.
func (p *Pool) unqueue(j *job) {
	p.waiting.Remove(j.elem)
	j.elem, j.waiting = nil, false
	j.unhook()
	if j.roomy {
		<-p.room
	}
}

// fail ends a job that never ran.
func (p *Pool) fail(j *job, err error) {
	defer p.finish(j)
	j.result(err)
}

// finish forgets j, whose result is known. Whoever waits for the pool to drain
// waits for that too.
func (p *Pool) finish(j *job) {
	defer func() {
		j.cancel(nil)
		p.mu.Lock()
		if j.elem != nil {
			p.running.Remove(j.elem)
		}
		p.live--
		p.ended++
		p.full = false
		if p.live == 0 && p.drained != nil {
			close(p.drained)
			p.drained = nil
		}
		p.mu.Unlock()
		p.pump()
	}()
	j.gone()
}
