package simulate

import (
	"context"
	"fmt"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

const (
	defaultBudget = 50_000_000
	sameInstant   = 1_000_000 // events at one instant after which nothing will ever happen
	checkEvery    = 1 << 16   // events between two looks at the context
)

// run is one play of a scenario for one guard: the clock, the agenda, and the
// parts that events are told to.
type run struct {
	sc      *Scenario
	now     int64
	end     int64
	agenda  *agenda
	calls   attempts
	dice    *dice
	weather *weather
	source  *arrivals
	down    *downstream
	fleet   []*client
	joined  int // how many of the fleet have
	users   []user
	work    *worklist // nil if there is none
	meter   *meter
	guard   *guardKind

	historian *historian // nil if nobody asked

	nextBin  int64
	bin      int64 // index of the bin that is filling
	nextTurn int64 // when the weather changes
	nextCall uint64
	events   uint64
	streams  struct{ service, fault, think, backoff, client, class stream }
	choose   func() *client                  // who makes the next call of an open loop
	heard    func(*attempt, adaptive.Result) // of the ends of calls that came from outside, see Live; nil in a Runner

	err        error // of a guard that could not be made
	lastErr    error // of a rejection, see reasonOf
	lastReason adaptive.RejectReason
}

func newRun(sc *Scenario, g *guardKind) (*run, error) {
	r := &run{sc: sc, end: int64(sc.Duration), agenda: newAgenda(), dice: newDice(), weather: newWeather(sc), guard: g}
	if g.history {
		r.historian = &historian{}
	}
	r.streams.service = newStream(sc.Seed, "service", 0)
	r.streams.fault = newStream(sc.Seed, "fault", 0)
	r.streams.class = newStream(sc.Seed, "class", 0)
	r.streams.think = newStream(sc.Seed, "think", 0)
	r.streams.backoff = newStream(sc.Seed, "backoff", 0)
	r.meter = newMeter(sc)
	r.down = newDownstream(r)
	r.source = newArrivals(sc, r.weather)
	if err := r.hire(); err != nil {
		return nil, err
	}
	r.seat()
	r.turn()
	if at := r.source.next(); at < r.end {
		r.agenda.set(at, arrives)
	}
	return r, nil
}

// play runs until the end of the scenario.
func (r *run) play(ctx context.Context, budget uint64) (*Result, error) {
	if budget == 0 {
		budget = defaultBudget
	}
	if n := r.source.steps() + r.weather.changes(r.end); n > float64(budget) {
		return nil, fmt.Errorf("simulate: %s: its load and faults alone are about %.3g events, over the budget of %d; shorten it, lower its load or raise the budget", r.sc.Name, n, budget)
	}
	var here uint64 // events at this instant
	for {
		e := r.agenda.next()
		if e.at >= r.end {
			break
		}
		if r.stale(e) {
			continue
		}
		if e.at > r.now {
			r.now, here = e.at, 0
		}
		r.events++
		here++
		if here > sameInstant {
			return nil, fmt.Errorf("simulate: %s, guard %s: no progress: %d events at %v, most lately %s", r.sc.Name, r.guard.name, here, time.Duration(r.now), kindNames[e.kind()])
		}
		if r.events+r.weather.steps > budget {
			return nil, fmt.Errorf("simulate: %s, guard %s: over the budget of %d events at %v of %v; shorten it, lower its load or raise the budget", r.sc.Name, r.guard.name, budget, time.Duration(r.now), r.sc.Duration)
		}
		if r.events%checkEvery == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		r.happen(e)
	}
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	r.now = r.end
	return r.close()
}

// stale reports whether e is about a call that is over.
func (r *run) stale(e event) bool {
	switch e.kind() {
	case timedOut, patienceOver:
		a := r.calls.at(e)
		return a == nil || a.state == ended || e.kind() == patienceOver && a.state != waiting
	}
	return false
}

func (r *run) happen(e event) {
	switch e.kind() {
	case tick:
		r.turn()
	case arrives:
		r.join()
		r.arrive(r.choose(), r.nextCall, -1)
		r.nextCall++
		if at := r.source.next(); at < r.end {
			r.agenda.set(at, arrives)
		}
	case userCalls:
		r.userCalls(int32(e.ref))
	case retries:
		r.acquire(r.calls.all[e.ref])
	case patienceOver:
		r.giveUp(r.calls.all[e.ref])
	case timedOut:
		r.timeOut(r.calls.all[e.ref])
	case reached:
		r.down.arrive(r.calls.all[e.ref])
	case served:
		r.down.served(r.calls.all[e.ref])
	case shareDone:
		r.down.shared.done(r.down)
	case answered, fastAnswered:
		r.answer(r.calls.all[e.ref])
	}
}

// turn closes a bin, lets the weather change, and plans the next of either.
func (r *run) turn() {
	for r.now >= r.nextBin {
		if r.nextBin > 0 {
			r.meter.closeBin(r.now)
			r.historian.closeBin()
			r.bin++
		}
		r.nextBin = (r.bin + 1) * r.end / Bins
	}
	if r.now >= r.nextTurn {
		r.join()
		r.nextTurn = min(r.weather.next(r.now), r.nextJoin())
		r.down.turn()
	}
	r.guard.steer(r)
	if at := min(r.nextBin, r.nextTurn); at < r.end {
		r.agenda.set(at, tick)
	}
}

// instant is the clock that guards read.
func (r *run) instant() adaptive.Instant { return adaptive.Instant(r.now) }

// close takes the measurements and checks that no call was lost.
func (r *run) close() (*Result, error) {
	if r.err != nil {
		return nil, fmt.Errorf("simulate: %s, guard %s: %w", r.sc.Name, r.guard.name, r.err)
	}
	var pending uint64
	for _, a := range r.calls.all {
		if a.state != ended {
			pending++
		}
		if a.state == inFlight {
			a.client.flying++
			a.client.permits += r.weight(a)
		}
	}
	res := r.meter.result(r.now, r.fleet)
	res.Guard, res.Seed, res.Repeatable, res.Events = r.guard.name, r.sc.Seed, r.guard.repeatable, r.events
	res.Pending, res.Makespan, res.History = pending, r.work.makespan(), r.historian.result()
	if sum := res.Served + res.Late + res.Failed + res.Rejected + res.Refused + res.Pending; sum != res.Offered {
		return nil, fmt.Errorf("simulate: %s, guard %s: calls were lost: %d offered, %d accounted for", r.sc.Name, r.guard.name, res.Offered, sum)
	}
	for _, c := range r.fleet {
		res.Trips += trips(c.guard)
		if c.limiter == nil {
			continue
		}
		st := c.limiter.Stats()
		if g, is := c.guard.(chain); is && g.open.Stats().InFlight != c.flying+st.Waiting {
			return nil, fmt.Errorf("simulate: %s, guard %s: permits were lost: the breaker holds %d, the limiter %d with those that wait", r.sc.Name, r.guard.name, g.open.Stats().InFlight, c.flying+st.Waiting)
		}
		if st.InFlight != c.permits {
			return nil, fmt.Errorf("simulate: %s, guard %s: permits were lost: calls in flight have %d, %d are held", r.sc.Name, r.guard.name, c.permits, st.InFlight)
		}
	}
	return res, nil
}
