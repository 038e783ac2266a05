package simulate

import "math"

// weather is the downstream's condition at any instant: servers, faults, and
// what follows from them. Nothing of it depends on the calls.
type weather struct {
	down    Downstream
	faults  []Fault
	stalls  []Fault
	service services
	steps   uint64 // stalls that were looked at
}

func newWeather(sc *Scenario) *weather {
	w := &weather{down: sc.Downstream, service: newServices(sc)}
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
	if w.down.Latency != (LatencyModel{}) {
		return math.MaxInt32 // one for each call
	}
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
