package simulate

import (
	"math"
	"time"
)

// weather is the downstream's condition at any instant: servers, faults, and
// what follows from them. Nothing of it depends on the calls.
type weather struct {
	down    Downstream
	faults  []Fault
	stalls  []Fault
	service sampler
	steps   uint64 // stalls that were looked at
}

func newWeather(sc *Scenario) *weather {
	w := &weather{down: sc.Downstream, service: newSampler(sc.Downstream.Service)}
	for _, f := range sc.Faults {
		if f.Kind == Stall {
			w.stalls = append(w.stalls, f)
		} else {
			w.faults = append(w.faults, f)
		}
	}
	return w
}

// since is how long ago f last began at the instant t, if it is active.
func (f *Fault) since(t int64) (ago int64, active bool) {
	ago = t - int64(f.At)
	if ago < 0 {
		return 0, false
	}
	if f.Every > 0 {
		ago %= int64(f.Every)
	}
	return ago, f.For == 0 || ago < int64(f.For)
}

// next is the first instant after t at which f begins or ends.
func (f *Fault) next(t int64) int64 {
	if t < int64(f.At) {
		return int64(f.At)
	}
	ago, active := f.since(t)
	switch {
	case active && f.For > 0:
		return t - ago + int64(f.For)
	case !active && f.Every > 0:
		return t - ago + int64(f.Every)
	}
	return never
}

// factor is what a Slow that began ago multiplies service times with.
func (f *Fault) factor(ago int64) float64 {
	switch {
	case f.Ramp > 0 && ago < int64(f.Ramp):
		return 1 + (f.Value-1)*float64(ago)/float64(f.Ramp)
	case f.Decay > 0:
		return 1 + (f.Value-1)*math.Exp(-float64(ago)/float64(f.Decay))
	}
	return f.Value
}

// slow is what service times are multiplied with.
func (w *weather) slow(t int64) float64 {
	x := 1.0
	for i := range w.faults {
		if f := &w.faults[i]; f.Kind == Slow {
			if ago, active := f.since(t); active {
				x *= f.factor(ago)
			}
		}
	}
	return x
}

// servers is how many there are.
func (w *weather) servers(t int64) int {
	n := 0
	for _, s := range w.down.Servers {
		if int64(s.At) <= t {
			n = s.Servers
		}
	}
	share := 1.0
	for i := range w.faults {
		if f := &w.faults[i]; f.Kind == Capacity {
			if _, active := f.since(t); active {
				share *= f.Value
			}
		}
	}
	if share != 1 {
		n = max(1, int(math.Round(float64(n)*share)))
	}
	return n
}

// next is the first instant after t at which something begins or ends.
func (w *weather) next(t int64) int64 {
	at := int64(never)
	for _, s := range w.down.Servers {
		if int64(s.At) > t {
			at = min(at, int64(s.At))
		}
	}
	for i := range w.faults {
		at = min(at, w.faults[i].next(t))
	}
	if w.down.Order == PS {
		for i := range w.stalls {
			at = min(at, w.stalls[i].next(t))
		}
	}
	return at
}

// changes estimates how often something begins or ends within a run.
func (w *weather) changes(end int64) float64 {
	n := float64(len(w.down.Servers))
	for _, fs := range [][]Fault{w.faults, w.stalls} {
		for i := range fs {
			n += 2
			if fs[i].Every > 0 {
				n += 2 * float64(end) / float64(fs[i].Every)
			}
		}
	}
	return n
}

// stalled reports whether the servers stand still, and until when.
func (w *weather) stalled(t int64) (until int64, yes bool) {
	for i := range w.stalls {
		if _, active := w.stalls[i].since(t); active {
			until, yes = max(until, w.stalls[i].next(t)), true
		}
	}
	return until, yes
}

// finish is when a server that begins at t has done the work, stalls included.
func (w *weather) finish(t, work int64) int64 {
	if len(w.stalls) == 0 {
		return t + work
	}
	for ; ; w.steps++ {
		if until, yes := w.stalled(t); yes {
			if until == never {
				return never
			}
			t = until
			continue
		}
		stall := int64(never)
		for i := range w.stalls {
			stall = min(stall, w.stalls[i].next(t))
		}
		if stall-t >= work {
			return t + work
		}
		work -= stall - t
		t = stall
	}
}

// usl is the slow-down with n calls in service.
func (u USL) usl(n int) float64 {
	x := float64(n)
	return 1 + u.Sigma*(x-1) + u.Kappa*x*(x-1)
}

// right is the limit that a caller who knew everything would start from at t:
// as many calls as keep every server busy over the network. With a USL it is the
// number that maximises throughput × round trip^−0.4.
func (w *weather) right(t int64) float64 {
	service := w.service.meanAt(t) * w.slow(t)
	servers := float64(w.servers(t))
	network := float64(w.down.Network)
	if w.down.USL == (USL{}) {
		return servers * (1 + network/service)
	}
	best, most := 1.0, 0.0
	for n := 1.0; n <= servers; n++ {
		rtt := service*w.down.USL.usl(int(n)) + network
		x := n * math.Pow(rtt, -1.4)
		if x < most {
			break // it has one peak
		}
		best, most = n, x
	}
	return best
}

// mostCapacity bounds capacity from above, at all times.
func (w *weather) mostCapacity() float64 {
	servers, speed := 0, 1.0
	for _, s := range w.down.Servers {
		servers = max(servers, s.Servers)
	}
	for _, f := range w.faults {
		switch f.Kind {
		case Slow:
			speed *= max(1, 1/f.Value)
		case Capacity:
			servers = int(math.Ceil(float64(servers) * max(1, f.Value)))
		}
	}
	least := w.service.meanAt(0)
	if w.service.Kind == Bimodal {
		least = min(least, w.service.meanAt(never))
	}
	return float64(max(1, servers)) * speed / (least / float64(time.Second))
}

// capacity is what the downstream can serve at t, in calls per second.
func (w *weather) capacity(t int64) float64 {
	service := w.service.meanAt(t) * w.slow(t) / float64(time.Second)
	if w.down.USL == (USL{}) {
		return float64(w.servers(t)) / service
	}
	n := w.right(t)
	return n / (service * w.down.USL.usl(int(n)))
}
