package pool

import (
	"context"
	"sync/atomic"
	"time"
)

// work is what a job does: the part of a task that its users see.
type work interface {
	// run calls the user's function.
	run(ctx context.Context) error
	// fail hears the error of j, whose work it is, exactly once, with no lock held
	// and before the place of the task is free: an error so stops the next task of a
	// group from starting.
	fail(j *job, err error)
	// gone is called last, with no lock held: whoever waited for this task finds
	// its place free.
	gone()
}

// job is a task without its type: what the pool keeps of it. It is two cache lines:
// the first is what its neighbours in the lists write to.
type job struct {
	in                [2]links // lists
	pool              *Pool
	scope             *scope
	work              work
	err               error // the result; set before state says ended
	accepted, started time.Duration
	turn              int         // of the queue
	own               lazyContext // of a task with a handle, whose context is not shared
	rare              *rare       // what most tasks do not need; nil until it is
	over              atomic.Bool // the result may be read without the lock; only with a handle
	state             state
	stands            uint8 // how many jobs its times stand for; 0: it is not timed
	stuck             bool  // has been reported
	shared            bool  // has no handle: its context is its scope's
}

// state of a job, guarded by core.mu.
type state uint8

const (
	waiting state = iota // in the queue
	running              // its function runs or is about to
	resting              // between two attempts
	stopped              // taken out before it ran, or between two attempts
	ended                // the result is there
)

// rare is what a job has once somebody waits for it alone, it is tried again, or
// it fails and nobody hears of it. Guarded by core.mu until the job has ended.
type rare struct {
	tries *tries
	lost  *lost

	watched bool            // somebody waits, or did
	done    chan struct{}   // closed when the task has ended
	signals []chan struct{} // of those who wait for the first of several
	seats   []*scope        // whose tasks wait for it
}

// context is what the task's function gets: of its own if it can be cancelled by
// itself, otherwise that of all tasks submitted with the same one.
func (j *job) context() context.Context {
	if j.shared {
		return j.scope
	}
	return j
}

// A job is the context of its task: a child of the scope's.
func (j *job) Deadline() (time.Time, bool) { return j.scope.Deadline() }
func (j *job) Done() <-chan struct{}       { return j.own.of(j.scope).Done() }
func (j *job) Err() error                  { return j.own.err(j.scope) }
func (j *job) Value(key any) any           { return j.own.value(j.scope, key) }
func (j *job) cancel(cause error)          { j.own.of(j.scope).cancel(cause) }
func (j *job) cause() error                { return context.Cause(j.context()) }
