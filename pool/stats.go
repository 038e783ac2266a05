package pool

import (
	"context"
	"errors"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/internal/hist"
)

// Stats is where a Pool stands, all of one instant. Counts are since New.
type Stats struct {
	Waiting int // tasks accepted and not started
	Resting int // tasks between two attempts
	Running int // tasks that run, each in a place of its own
	Lending int // tasks that wait for another one, which runs in their place
	Limit   int // on Running; the guard's, if that is lower and tells it

	Done      uint64 // tasks that ended with a nil error
	Failed    uint64 // … with an error of their own, time-outs included
	Panicked  uint64 // … with a panic or runtime.Goexit
	Cancelled uint64 // … because they, their context or the pool were cancelled
	Rejected  uint64 // … because the guard did not admit them

	Attempts uint64 // starts; the amplification by retries is Attempts / (Attempts − Retried)
	Retried  uint64 // attempts after the first
	Denied   uint64 // retries that the budget did not allow

	Wait Times // from acceptance to the start of each attempt
	Run  Times // of each attempt
}

// Ended is how many tasks have their result.
func (s Stats) Ended() uint64 {
	return s.Done + s.Failed + s.Panicked + s.Cancelled + s.Rejected
}

// Times are quantiles, within 3 %; zero if nothing was measured.
type Times struct{ P50, P90, P99, Max time.Duration }

// Stats returns the present numbers.
func (p *Pool) Stats() Stats {
	c := p.core
	limit := c.limitNow()
	c.mu.Lock()
	defer c.mu.Unlock()
	n, asking := &c.counts, c.inHand()
	return Stats{
		Waiting: c.queue.n + asking, Resting: c.resting, Running: c.active - c.lent - asking, Lending: c.lent, Limit: limit,
		Done: c.ended - n.failed - n.panicked - n.cancelled - n.rejected, Failed: n.failed, Panicked: n.panicked, Cancelled: n.cancelled, Rejected: n.rejected,
		Attempts: c.starts - uint64(asking), Retried: n.retried, Denied: n.denied,
		Wait: n.wait.times(), Run: n.run.times(),
	}
}

// counts is what the pool counts of what does not happen to each task, or is not looked
// at. Guarded by core.mu.
type counts struct {
	failed, panicked, cancelled, rejected uint64 // of those that ended
	retried, denied                       uint64
	wait, run                             spread
}

// fail counts an error; ran is whether it is that of a function.
func (n *counts) fail(err error, ran bool) {
	var panicked *PanicError
	switch {
	case !ran && errors.Is(err, adaptive.ErrRejected):
		n.rejected++
	case !ran, errors.Is(err, context.Canceled), errors.Is(err, ErrCancelled), errors.Is(err, ErrClosed):
		n.cancelled++
	case err == ErrGoexit, errors.As(err, &panicked):
		n.panicked++
	default:
		n.failed++
	}
}

// spread is how durations are spread.
type spread struct {
	counts *hist.Counts
	max    time.Duration
}

const longest = 24 * time.Hour

func newSpread() spread { return spread{counts: hist.New(uint64(longest), 4)} }

func (s *spread) add(d time.Duration, n uint64) {
	s.counts.Add(uint64(max(d, 0)), n)
	s.max = max(s.max, d)
}

func (s *spread) times() Times {
	at := func(q float64) time.Duration { return min(time.Duration(s.counts.Quantile(q)), s.max) }
	return Times{P50: at(0.5), P90: at(0.9), P99: at(0.99), Max: s.max}
}
