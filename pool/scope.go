package pool

import (
	"context"
	"reflect"
	"sync/atomic"
	"time"
)

// lazyContext is a cancellable context that is made when somebody looks at it:
// most tasks never ask whether they are cancelled, and those cost nothing.
type lazyContext struct{ made atomic.Pointer[cancellable] }

type cancellable struct {
	context.Context
	cancel context.CancelCauseFunc
}

func (l *lazyContext) of(parent context.Context) *cancellable {
	if c := l.made.Load(); c != nil {
		return c
	}
	ctx, cancel := context.WithCancelCause(parent)
	c := &cancellable{ctx, cancel}
	if !l.made.CompareAndSwap(nil, c) {
		cancel(nil)
	}
	return l.made.Load()
}

func (l *lazyContext) err(parent context.Context) error {
	if c := l.made.Load(); c != nil {
		return c.Err()
	}
	return parent.Err()
}

// value asks the context that was made first, for context.Cause looks there.
func (l *lazyContext) value(parent context.Context, key any) any {
	if c := l.made.Load(); c != nil {
		return c.Value(key)
	}
	return parent.Value(key)
}

// release frees what the parent keeps of it.
func (l *lazyContext) release() {
	if c := l.made.Load(); c != nil {
		c.cancel(nil)
	}
}

// scope is the tasks that were submitted with one context, and a child of that
// context. The pool so watches a context once, however many tasks came with it.
// It is also the seat of its tasks that run: see lending.go.
//
// It is three cache lines, of which tasks write to the second.
type scope struct {
	core   *core
	ctx    context.Context // which the tasks were submitted with
	own    lazyContext
	unhook func() bool        // from ctx; nil if that never ends
	cancel context.CancelFunc // of ctx, if the pool made it; nil otherwise

	// Under core.mu.
	next, prev *scope // in core.scopes while it has jobs
	jobs       jobs   // that wait or rest, oldest first
	live       int    // jobs that are not over
	seat       seat
	wanted     []*scope // seats whose tasks wait for any job in here
	kept       bool     // even if empty: in core.recent, or a group's
	dead       bool     // ctx has ended and its waiting jobs with it, or nobody needs it

	_ [16]byte
}

type (
	seatOf  struct{ core *core } // key of the innermost scope of that pool
	seatKey struct{}             // key of the innermost scope of any pool
)

// A scope is the context of those of its tasks that have no handle.
func (s *scope) Deadline() (time.Time, bool) { return s.ctx.Deadline() }
func (s *scope) Done() <-chan struct{}       { return s.own.of(s.ctx).Done() }
func (s *scope) Err() error                  { return s.own.err(s.ctx) }

func (s *scope) Value(key any) any {
	switch key {
	case seatOf{s.core}, seatKey{}:
		return s
	}
	return s.own.value(s.ctx, key)
}

// newScope watches ctx. No lock is held: ctx may be foreign.
func (c *core) newScope(ctx context.Context) *scope {
	s := &scope{core: c, ctx: ctx}
	if ctx.Done() != nil {
		s.unhook = context.AfterFunc(ctx, func() { c.dropAll(s) })
	}
	return s
}

// scopeOf returns the scope of ctx, with the lock held, whether or not it was.
// The few contexts used last are remembered, for as long as the pool is open.
func (c *core) scopeOf(ctx context.Context) *scope {
	for _, s := range c.recent {
		if s != nil && s.ctx == ctx && !s.dead {
			return s
		}
	}
	c.unlock()
	s := c.newScope(ctx)
	comparable := reflect.ValueOf(ctx).Comparable()
	c.mu.Lock()
	if s.dead || !comparable || c.closed {
		return s
	}
	if old := c.recent[c.oldest]; old != nil {
		old.kept = false
		c.retire(old)
	}
	s.kept = true
	c.recent[c.oldest] = s
	c.oldest = (c.oldest + 1) % len(c.recent)
	return s
}

// add makes j, which is to wait, one of s.
func (s *scope) add(j *job) {
	if s.live == 0 {
		s.core.link(s)
	}
	s.live++
	s.jobs.push(j, family)
}

// left notes that a job is over.
func (s *scope) left() {
	s.live--
	if s.live == 0 {
		s.core.unlink(s)
		s.core.retire(s)
	}
}

// each calls f, which may stop it, for every job of s that waits or rests.
func (s *scope) each(f func(*job)) {
	for j := s.jobs.head; j != nil; {
		next := j.in[family].next
		f(j)
		j = next
	}
}

// link and unlink keep the list of scopes that hold jobs.
func (c *core) link(s *scope) {
	s.prev, s.next = nil, c.scopes
	if c.scopes != nil {
		c.scopes.prev = s
	}
	c.scopes = s
}

func (c *core) unlink(s *scope) {
	if s.prev == nil {
		c.scopes = s.next
	} else {
		s.prev.next = s.next
	}
	if s.next != nil {
		s.next.prev = s.prev
	}
	s.next, s.prev = nil, nil
}

// retire puts s among the scopes that are released when the lock is given up,
// unless somebody still needs it. The lock is held.
func (c *core) retire(s *scope) {
	if s.live == 0 && !s.kept {
		s.dead = true
		c.retired = append(c.retired, s)
	}
}

// release takes s off its context. No lock is held.
func (s *scope) release() {
	if s.unhook != nil {
		s.unhook()
	}
	s.own.release()
	if s.cancel != nil {
		s.cancel()
	}
}
