package load

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// A Generator calls a target in an open loop. Set the fields before its first use.
type Generator struct {
	Target   Target
	InFlight int           // most calls at a time; what would be more is not sent, and counted
	Timeout  time.Duration // of a call
	GiveUp   int           // failures in a row after which a target counts as dead
	Patient  bool          // time-outs and refusals are none of them: they are what is measured

	now atomic.Pointer[tally] // of the step that is being held
}

// A Dead is the error of a target of which nothing comes any more.
type Dead struct {
	InARow int
	Last   error
}

func (d *Dead) Error() string {
	return fmt.Sprintf("the target failed %d times in a row, last with: %v", d.InARow, d.Last)
}

func (d *Dead) Unwrap() error { return d.Last }

// A Span is how long a step is held: at least Min, then until what it measures is
// known well enough, or as many calls are in flight as may be, at most Max. Calls
// that should begin before Warm are made and not counted.
type Span struct{ Min, Max, Warm time.Duration }

// Hold calls at a rate, evenly spaced, and waits for what is in flight in the end.
// With an error, a [Dead] or that of ctx, it returns what was measured until then.
func (g *Generator) Hold(ctx context.Context, rate float64, span Span) (Step, error) {
	calls, cancel := context.WithCancel(ctx)
	defer cancel()
	t := newTally(rate, span.Warm)
	t.patient = g.Patient
	g.now.Store(t)
	defer g.now.Store(nil)
	elapsed, tight, err := g.send(calls, t, rate, span)
	if err != nil {
		cancel() // who is dead or interrupted is not waited for
	}
	t.calls.Wait()
	s := t.result(elapsed)
	s.Tight, s.Cut = tight, err != nil
	return s, err
}

// send begins calls until the step is over.
func (g *Generator) send(ctx context.Context, t *tally, rate float64, span Span) (elapsed time.Duration, tight bool, err error) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	look := span.Min
	for i := 0; ; i++ {
		at := time.Duration(float64(i) / rate * float64(time.Second))
		intended := t.begin.Add(at)
		if wait := time.Until(t.begin.Add(min(at, span.Max))); wait > 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
			}
		}
		elapsed = time.Since(t.begin)
		if ctx.Err() != nil {
			return elapsed, false, context.Cause(ctx)
		}
		if n, last := t.failing(); n >= g.GiveUp {
			return elapsed, false, &Dead{n, last}
		}
		if at >= span.Max || elapsed >= 2*span.Max {
			return elapsed, t.tight(elapsed), nil
		}
		if elapsed >= look {
			if t.tight(elapsed) {
				return elapsed, true, nil
			}
			look = elapsed + span.Min/4
		}
		if t.started(g.InFlight, at) {
			t.calls.Go(func() { g.call(ctx, t, intended) })
		} else if elapsed >= span.Min {
			return elapsed, false, nil // it has had enough
		}
	}
}

func (g *Generator) call(ctx context.Context, t *tally, intended time.Time) {
	begun := time.Now()
	ctx, cancel := context.WithTimeout(ctx, g.Timeout)
	defer cancel()
	err := g.Target(ctx)
	t.ended(intended, begun, err)
}
