package adaptive

import (
	"context"
	"fmt"
)

// A Call is what a [Limiter] is told of a call before it admits it. The zero Call
// takes one permit, has the usual priority and all the time in the world.
type Call struct {
	// Weight is how many permits the call takes, as one: it is admitted once all of
	// them are free and gives all of them back when it ends. 0 means 1; more than
	// Config.Max is an error at once. One above the limit in force waits for the
	// limit to grow, and nobody behind it waits for that; a Config.Min of the
	// heaviest weight spares it the wait.
	Weight int

	// Priority is from −3 to 3; who has a higher one goes first, and of two
	// with the same the one who came first. Waiting ages: of a call one level
	// higher, only those go first that joined the queue at most 256 calls later. So
	// a waiter is overtaken by at most 256 later ones for each level below the
	// highest, 1,536 in all. A full queue turns away whoever would be last: that is the
	// newcomer, unless it goes before somebody of lower priority.
	Priority int

	// Deadline is when the answer is of no more use, on the Limiter's clock; 0 means
	// never. Past it the call is rejected even if there is room; see
	// [Limiter.Acquire] for how long before that a waiting one is.
	Deadline Instant
}

const (
	lowestPriority  = -3
	highestPriority = 3
	priorities      = highestPriority - lowestPriority + 1

	// ageing is how many later arrivals one level of priority may be ahead of. It is
	// well above what most queues hold, so that among waiters priority decides,
	// and small enough that a limiter which serves 1,000 calls a second makes
	// the lowest class wait for the highest 1.5 s at the most.
	ageing = 256
)

// With is l for calls of weight, priority and deadline c. The view costs one small
// allocation, its calls none: keep it where calls are alike. A c that cannot be
// is what its calls are told, as a rejection for [RejectCall].
func (l *Limiter) With(c Call) Guard {
	v := &view{l, c}
	if c.Weight == 0 {
		v.c.Weight = 1
	}
	return v
}

// view is a Limiter as calls of one kind see it.
type view struct {
	l *Limiter
	c Call
}

// Acquire implements [Guard] as [Limiter.Acquire] does. The earlier of c.Deadline
// and the deadline of ctx counts.
func (v *view) Acquire(ctx context.Context) (Permit, error) {
	if err := alive(ctx); err != nil {
		return Permit{}, context.Cause(ctx)
	}
	if err := v.unfit(); err != nil {
		return Permit{}, err
	}
	if p, ok := v.l.admit(0, 0, v.c.Weight, false); ok {
		return p, nil
	}
	return v.l.wait(ctx, v.c)
}

// AcquireFunc implements [Guard] as [Limiter.AcquireFunc] does.
func (v *view) AcquireFunc(f func(Permit, error)) (stop func() bool) {
	if err := v.unfit(); err != nil {
		f(Permit{}, err)
		return notWaiting
	}
	return v.l.acquireFunc(v.c, f)
}

// TryAcquire is [Limiter.TryAcquire] for a call of v's weight.
func (v *view) TryAcquire() (Permit, bool) {
	if v.unfit() != nil {
		return Permit{}, false
	}
	return v.l.admit(0, 0, v.c.Weight, true)
}

// unfit counts and returns why a call may not even be tried.
func (v *view) unfit() error {
	c, l := &v.c, v.l
	switch highest := l.config.Load().Max; {
	case c.Weight < 0 || c.Weight > highest:
		return l.impossible("Weight is %d, must be 1 to Config.Max, which is %d, or 0 for 1", c.Weight, highest)
	case c.Priority < lowestPriority || c.Priority > highestPriority:
		return l.impossible("Priority is %d, must be %d to %d", c.Priority, lowestPriority, highestPriority)
	case c.Deadline != 0 && l.Now() >= c.Deadline:
		if l.config.Load().Observe {
			l.wouldHave[RejectDeadline].Add(1)
			return nil
		}
		return l.reject(RejectDeadline)
	}
	return nil
}

func (l *Limiter) impossible(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{l.reject(RejectCall)}, args...)...)
}
