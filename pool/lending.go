package pool

import "context"

// A task that waits for another one of the same pool holds a place that it does
// not use. If all do, nobody is left to run what they wait for. So it lends its
// place to that: the pool runs it there, out of turn, on a goroutine of its own,
// under the permit of the one that waits. The places in use never exceed the
// limit, for who waits goes on only when its place is free again.
//
// Which task waits is told by the context that it waits with.

// seat is the places of the tasks of one scope that run. At most as many are lent
// as there are tasks that wait, and that run at all.
type seat struct {
	running  int
	blocked  int // tasks that wait
	lent     int
	lendings []*lending
	back     chan struct{} // closed when a place comes back; nil if nobody waits for that
}

// lending is what one that waits lends its place to.
type lending struct {
	want func() *job // the job to run, if one of those waits in the queue; called with the lock held
}

// await waits until ready is closed or has something, or ctx ends; then it returns
// its cause. If ctx is of a task, the task lends its place to what join registers
// it with.
func (c *core) await(ctx context.Context, ready <-chan struct{}, want func() *job, join, leave func(*scope)) error {
	select {
	case <-ready:
		return nil
	default:
	}
	inner, ok := ctx.Value(seatKey{}).(*scope)
	if !ok {
		select {
		case <-ready:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	inner.block()
	defer inner.unblock()
	if s, ok := ctx.Value(seatOf{c}).(*scope); ok {
		l := &lending{want}
		c.mu.Lock()
		s.seat.lendings = append(s.seat.lendings, l)
		join(s)
		c.lend(s)
		c.unlock()
		defer func() {
			c.mu.Lock()
			leave(s)
			s.seat.lendings = without(s.seat.lendings, l)
			c.unlock()
		}()
	}
	select {
	case <-ready:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *scope) block() {
	s.core.mu.Lock()
	s.seat.blocked++
	s.core.lend(s) // what a task of another pool waits for meanwhile
	s.core.unlock()
}

// unblock returns when a place that was lent is free again.
func (s *scope) unblock() {
	c := s.core
	c.mu.Lock()
	s.seat.blocked--
	for s.seat.lent > s.seat.blocked {
		if s.seat.back == nil {
			s.seat.back = make(chan struct{})
		}
		back := s.seat.back
		c.unlock()
		<-back
		c.mu.Lock()
	}
	c.unlock()
}

// lend lets as many jobs run in the places of s as may. The lock is held.
func (c *core) lend(s *scope) {
	for _, l := range s.seat.lendings {
		if s.seat.lent >= min(s.seat.blocked, s.seat.running) {
			return
		}
		j := l.want()
		if j == nil || c.pace != nil && (c.paused || !c.paid(j)) {
			continue
		}
		s.seat.lent++
		c.lent++
		w := &worker{core: c, seat: s}
		c.hire(w)
		c.begins(w, j, c.now())
		go w.work()
	}
}

// lendTo runs j, which has begun to wait, in a place that is lent to it, if any.
// The lock is held.
func (c *core) lendTo(j *job) {
	for _, s := range j.scope.wanted {
		c.lend(s)
	}
	if w := j.rare; w != nil {
		for _, s := range w.seats {
			c.lend(s)
		}
	}
}

// returned takes back a place of s. The lock is held.
func (c *core) returned(s *scope) {
	s.seat.lent--
	c.lent--
	if s.seat.back != nil {
		close(s.seat.back)
		s.seat.back = nil
	}
	c.lend(s)
}

// without is list with one x taken out.
func without[T comparable](list []T, x T) []T {
	for i, y := range list {
		if y == x {
			return append(list[:i], list[i+1:]...)
		}
	}
	return list
}
