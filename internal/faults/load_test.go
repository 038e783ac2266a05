package faults

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

const (
	rate     = 60                      // calls a second that arrive, whatever becomes of those before
	patience = 1500 * time.Millisecond // how long a call may take
	slot     = 500 * time.Millisecond  // that is judged by itself
)

// load is calls that arrive at a steady rate. Only one goroutine may let them.
type load struct {
	lim  *adaptive.Limiter
	call func(context.Context) error

	sent  uint64 // calls that arrived
	high  int    // most in flight
	calls sync.WaitGroup

	mu                           sync.Mutex
	last                         *share
	well, broken, late, rejected uint64
	longest                      time.Duration // that a call took
}

// share is what became of the calls of one slot.
type share struct{ sent, ended, well int }

// arrive lets calls arrive for the time d.
func (l *load) arrive(d time.Duration) {
	tick := time.NewTicker(time.Second / rate)
	defer tick.Stop()
	begun := time.Now()
	var s *share
	for slots := -1; time.Since(begun) < d; <-tick.C {
		if k := int(time.Since(begun) / slot); k > slots {
			slots, s = k, &share{}
			l.mu.Lock()
			l.last = s
			l.mu.Unlock()
		}
		l.sent++
		l.mu.Lock()
		s.sent++
		l.mu.Unlock()
		s := s
		l.calls.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			begun := time.Now()
			err := l.call(ctx)
			took := time.Since(begun)
			l.mu.Lock()
			defer l.mu.Unlock()
			s.ended++
			switch {
			case err == nil:
				s.well++
				l.well++
			case errors.Is(err, adaptive.ErrRejected):
				l.rejected++
			case ctx.Err() != nil:
				l.late++
			default:
				l.broken++
			}
			l.longest = max(l.longest, took)
		})
		l.high = max(l.high, l.lim.Stats().InFlight)
	}
}

// until lets calls arrive until nine in ten of a slot succeed, and reports how long
// that took. It gives up after the time most.
func (l *load) until(most time.Duration) (took time.Duration, well bool) {
	for took < most && !well {
		l.arrive(slot)
		took += slot
		well = l.good() >= 0.9
	}
	return took, well
}

// good is the share of the calls of the last slot that succeeded, of those that
// have ended, or of half of them if that is more.
func (l *load) good() float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return float64(l.last.well) / float64(max(l.last.ended, (l.last.sent+1)/2))
}
