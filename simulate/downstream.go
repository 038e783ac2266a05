package simulate

import (
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// downstream is the servers at work and the queue in front of them.
type downstream struct {
	r       *run
	fast    int64 // what an error or a refusal takes, besides the network
	servers int
	busy    int
	queue   deque
	shared  *sharing // with PS, in place of busy and queue
	shares  []share  // faults that strike a share of the calls, now active
	slow    float64  // factor on service times, unless it drifts
	drifts  bool
	tokens  float64 // of the rate limit
	filled  int64   // when tokens was right
}

// share is a fault that strikes some calls.
type share struct {
	kind  FaultKind
	value float64
	index uint32
}

func newDownstream(r *run) *downstream {
	// "Almost nothing": a thousandth of a service time, so that no caller spins.
	d := &downstream{r: r, fast: max(1, int64(r.weather.service.usual()/1000)) + int64(r.sc.Downstream.Network)/2}
	d.tokens = d.burst()
	if r.sc.Downstream.Order == PS {
		d.shared = &sharing{}
	}
	return d
}

// turn reads the weather after a change.
func (d *downstream) turn() {
	w, now := d.r.weather, d.r.now
	d.servers = w.servers(now)
	d.slow, d.drifts = w.slow(now), false
	d.shares = d.shares[:0]
	for i := range w.faults {
		f := &w.faults[i]
		_, active := f.since(now)
		switch f.Kind {
		case Slow:
			d.drifts = d.drifts || active && (f.Ramp > 0 || f.Decay > 0)
		case Errors, Refusals, Blackhole:
			if active {
				d.shares = append(d.shares, share{f.Kind, f.Value, uint32(i)})
			}
		}
	}
	if d.shared != nil {
		_, stalled := w.stalled(now)
		d.shared.turn(d, stalled)
		return
	}
	d.fill()
}

// arrive takes a call from the network.
func (d *downstream) arrive(a *attempt) {
	for _, s := range d.shares {
		if s.value < 1 && d.r.dice.at(d.r.streams.fault, a.id, a.try<<8|s.index).Float64() >= s.value {
			continue
		}
		switch s.kind {
		case Errors:
			d.quick(a, adaptive.Result{Outcome: adaptive.Failure})
		case Refusals:
			d.quick(a, adaptive.Result{Outcome: adaptive.Refused})
		case Blackhole:
			d.swallow(a)
		}
		return
	}
	down := &d.r.sc.Downstream
	if !d.token() {
		d.exceeds(a, down.RateLimit.Then, down.RateLimit.RetryAfter)
		return
	}
	if most := down.HardLimit.InFlight; most > 0 && d.present() >= most {
		d.exceeds(a, down.HardLimit.Then, 0)
		return
	}
	places := down.Queue
	switch {
	case d.shared != nil:
		if places >= 0 && d.shared.len() >= d.servers+places {
			d.quick(a, adaptive.Result{Outcome: adaptive.Refused})
			return
		}
		d.shared.arrive(d, a)
	case d.busy < d.servers:
		d.start(a)
	case places >= 0 && d.queue.n >= places:
		d.quick(a, adaptive.Result{Outcome: adaptive.Refused})
	default:
		d.queue.push(a)
		d.r.meter.queue.add(d.r.now, 1)
	}
}

// present is how many calls are in service or wait for it.
func (d *downstream) present() int {
	if d.shared != nil {
		return d.shared.len()
	}
	return d.busy + d.queue.n
}

// exceeds turns away a call beyond a limit.
func (d *downstream) exceeds(a *attempt, then Excess, retryAfter time.Duration) {
	if then == Swallow {
		d.swallow(a)
		return
	}
	d.quick(a, adaptive.Result{Outcome: adaptive.Refused, RetryAfter: retryAfter})
}

// swallow never answers. Nobody has the call: its caller's time-out will end it.
func (d *downstream) swallow(a *attempt) {
	a.held = false
	d.r.calls.put(a)
}

// quick answers without any work.
func (d *downstream) quick(a *attempt, res adaptive.Result) {
	a.result = res
	d.r.agenda.after(d.r.now+d.fast, fastAnswered, a.ref, a.gen)
}

// work is how long a server of its own would take for a, as n are in service.
func (d *downstream) work(a *attempt, n int) float64 {
	r := d.r
	var x float64
	if rnd, l := r.dice.at(r.streams.service, a.id, a.try), &r.sc.Downstream.Latency; *l != (LatencyModel{}) {
		x = l.time(n, rnd.ExpFloat64())
	} else {
		x = r.weather.service.at(a.class, r.now, rnd)
	}
	if d.drifts {
		x *= r.weather.slow(r.now)
	} else {
		x *= d.slow
	}
	if u := r.sc.Downstream.USL; u != (USL{}) {
		x *= u.usl(n)
	}
	return max(1, x)
}

func (d *downstream) start(a *attempt) {
	d.busy++
	work := min(d.work(a, d.busy), float64(d.r.end-d.r.now)) // beyond a knee it may be more than an int64 holds
	if at := d.r.weather.finish(d.r.now, int64(work)); at < d.r.end {
		d.r.agenda.plan(at, served, a.ref, a.gen)
	}
}

// served frees a server and sends the answer.
func (d *downstream) served(a *attempt) {
	d.busy--
	d.fill()
	d.answer(a)
}

func (d *downstream) answer(a *attempt) {
	r := d.r
	if a.state != inFlight {
		r.meter.wasted++
	}
	a.result = adaptive.Result{Outcome: adaptive.Success}
	if leg := int64(r.sc.Downstream.Network) - int64(r.sc.Downstream.Network)/2; leg > 0 {
		r.agenda.after(r.now+leg, answered, a.ref, a.gen)
		return
	}
	r.answer(a)
}

// fill gives free servers what waits.
func (d *downstream) fill() {
	for d.busy < d.servers && d.queue.n > 0 {
		var a *attempt
		if d.r.sc.Downstream.Order == LIFO {
			a = d.queue.popBack()
		} else {
			a = d.queue.popFront()
		}
		d.r.meter.queue.add(d.r.now, -1)
		if d.r.sc.Downstream.DropStale && a.state != inFlight {
			a.held = false
			d.r.calls.put(a)
			continue
		}
		d.start(a)
	}
}

// token takes a token of the rate limit, if there is one.
func (d *downstream) token() bool {
	limit := &d.r.sc.Downstream.RateLimit
	if limit.Rate == 0 {
		return true
	}
	d.tokens = min(d.tokens+limit.Rate*float64(d.r.now-d.filled)/float64(time.Second), d.burst())
	d.filled = d.r.now
	if d.tokens < 1 {
		return false
	}
	d.tokens--
	return true
}

func (d *downstream) burst() float64 {
	limit := &d.r.sc.Downstream.RateLimit
	if limit.Burst > 0 {
		return float64(limit.Burst)
	}
	return max(1, limit.Rate)
}
