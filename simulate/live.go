package simulate

import (
	"fmt"
	"math"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// A Live is the downstream of a scenario, and its load, for callers outside of a
// [Runner]: they say what time it is, send calls and hear how those end. It is
// the downstream that a Runner plays, with the same draws for the same calls.
//
// The scenario's clients, guards, time-outs, waits and retries do not matter; a
// caller brings his own. A Live does not stop at the end of the scenario: faults
// and servers stay as they are then. Instants count from 0 and must not go back.
// A Live is not safe for concurrent use, and what it calls must not call it.
type Live struct {
	r     *run
	wall  time.Time
	load  []Phase
	begin func(Arrival)
	done  []func(adaptive.Result) // by record of attempts; nil once the caller has left
}

// An Arrival is a call that the load wants made.
type Arrival struct {
	ID   uint64 // names the call to Send
	User int    // who makes it, for Think; −1 in an open loop
}

// Sent is a call that was sent.
type Sent struct{ ref, gen uint32 }

// NewLive returns the downstream of sc at instant 0. The error is all faults of sc.
func NewLive(sc *Scenario) (*Live, error) {
	if err := sc.Validate(); err != nil {
		return nil, err
	}
	c := sc.with(sc.seed())
	c.Duration = longest
	c.Load, c.Timeout = nil, 0
	c.Clients, c.Wait, c.Retries = Clients{}, Wait{}, Retries{}
	r, err := newRun(c, &guardKind{name: "none", open: true})
	if err != nil {
		return nil, err
	}
	wall := sc.wall(newStream(c.Seed, "clocks", 0).sequence())
	l := &Live{r: r, wall: wall, load: clip(sc.Load, sc.Duration)}
	r.heard = l.heard
	return l, nil
}

// Wall is the wall-clock time at instant 0 that the scenario's seed draws. A
// Runner tells it to its guards, give or take Clients.Clocks.
func (l *Live) Wall() time.Time { return l.wall }

// clip cuts a load off at the end of its scenario.
func clip(load []Phase, end time.Duration) []Phase {
	out := append([]Phase(nil), load...)
	var from time.Duration
	for i := range out {
		if p := &out[i]; p.For == 0 || p.For > end-from {
			p.For = end - from
		}
		from += out[i].For
	}
	return out
}

// Offer plays the load of the scenario: Advance calls begin at each arrival. It
// is an error if time has passed already.
func (l *Live) Offer(begin func(Arrival)) error {
	r := l.r
	if r.now > 0 || l.begin != nil {
		return fmt.Errorf("simulate: %s: the load begins at 0s and once, it is %v", r.sc.Name, time.Duration(r.now))
	}
	l.begin = begin
	r.sc.Load = l.load
	r.source = newArrivals(r.sc, r.weather)
	r.seat()
	l.nextArrival()
	return nil
}

func (l *Live) nextArrival() {
	if at := l.r.source.next(); at < l.r.end {
		l.r.agenda.set(at, arrives)
	}
}

// Think lets the user of an arrival, which is over, think and call again.
func (l *Live) Think(now adaptive.Instant, user int) {
	l.Advance(now)
	l.r.think(int32(user))
}

// Send sends a call at now and returns without an answer; done is called by a
// later Advance unless the caller leaves. Call id has random draws of its own,
// those of an [Arrival] if it has its ID, and each try of it has others.
func (l *Live) Send(now adaptive.Instant, id uint64, try uint32, done func(adaptive.Result)) Sent {
	l.Advance(now)
	r := l.r
	a := r.calls.take(r.made)
	a.id, a.try, a.class, a.client, a.user, a.born = id, try, r.classOf(id), r.fleet[0], -1, r.now
	for len(l.done) <= int(a.ref) {
		l.done = append(l.done, nil)
	}
	l.done[a.ref] = done
	sent := Sent{a.ref, a.gen}
	r.meter.arrived(a.class)
	r.meter.attempts++
	r.got(a, adaptive.Permit{}, nil)
	return sent
}

// Leave takes the caller of s away, as TimedOut or Ignored; the downstream goes on
// with the call. It reports false if the call has ended by now.
func (l *Live) Leave(now adaptive.Instant, s Sent, o adaptive.Outcome) bool {
	l.Advance(now)
	a := l.r.calls.all[s.ref]
	if a.gen != s.gen || a.state != inFlight {
		return false
	}
	l.done[s.ref] = nil
	l.r.conclude(a, adaptive.Result{Outcome: o})
	return true
}

// heard tells a caller how his call ended.
func (l *Live) heard(a *attempt, res adaptive.Result) {
	if done := l.done[a.ref]; done != nil {
		l.done[a.ref] = nil
		done(res)
	}
}

// Next is when something happens next, and false if nothing ever will by itself.
func (l *Live) Next() (at adaptive.Instant, ok bool) {
	next := l.r.agenda.soonest()
	return adaptive.Instant(next), next != never
}

// Advance lets everything happen that is due by now.
func (l *Live) Advance(now adaptive.Instant) {
	r := l.r
	for r.agenda.soonest() <= min(int64(now), never-1) {
		e := r.agenda.next()
		r.now = e.at
		r.events++
		switch e.kind() {
		case arrives:
			l.begin(Arrival{ID: r.nextCall, User: -1})
			r.nextCall++
			l.nextArrival()
		case userCalls:
			if id, ok := r.callOf(int32(e.ref)); ok {
				l.begin(Arrival{ID: id, User: int(e.ref)})
			}
		default:
			r.happen(e)
		}
	}
	r.now = max(r.now, int64(now))
}

// Seen is what a Live has measured.
type Seen struct {
	Stale   uint64    // calls that the downstream worked on after their caller had left
	Queue   Level     // waiting at the downstream
	Latency Quantiles // of calls that were served, and of those whose caller left as TimedOut
}

// Seen returns what has been measured by now.
func (l *Live) Seen(now adaptive.Instant) Seen {
	l.Advance(now)
	m := l.r.meter
	return Seen{Stale: m.wasted, Queue: m.queue.result(l.r.now), Latency: m.latency.quantiles()}
}

// soonest is the instant of the event that next would take out.
func (a *agenda) soonest() int64 {
	at := int64(math.MaxInt64)
	for i := range a.head {
		at = min(at, a.head[i].at)
	}
	if len(a.heap) > 0 {
		at = min(at, a.heap[0].at)
	}
	return at
}
