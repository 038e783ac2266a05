package adaptive

// Fair keeps the same number of calls of each client in the queue of a downstream,
// as TCP Vegas does of each connection, so that clients that know nothing of each
// other come to equal shares of it, and one that comes late to as much. A client
// whose baseline is off by a hundredth has a limit that is off by two, where it is
// fourteen under [Knee]; and baselines are measured better, by longer and more
// frequent probes that all clients make at once, with clocks that agree to within a
// few round trips. The price is what those cost, a queue of so many calls for each
// client, longer windows, a limit that follows what is in flight down, and a start of up
// to some hundred round trips under the first limit, until all have measured together.
// Use it where many processes overload one downstream that does some four to sixteen
// calls at a time for each, not where one may have hundreds in flight. See docs/law.md
// and docs/reliability.md, which has figures.
type Fair struct {
	Queue float64 // calls of this client to keep in the downstream's queue; 0 means 4
}

func (f Fair) withDefaults() Fair { return Fair{or(f.Queue, 4)} }

// New implements [Law].
func (f Fair) New() Controller {
	c := &fair{Fair: f.withDefaults(), young: true}
	c.base.sharing.on = true
	return c
}

// String is the law as [ParseLaw] reads it.
func (f Fair) String() string { return lawString("fair", f, Fair{}) }

type fair struct {
	Fair
	footing
	young bool // its share is not reached yet
}

// Update implements [Controller].
func (f *fair) Update(w Window) Decision {
	d, s, steer := f.decide(&w)
	if !steer {
		return d
	}
	// No benefit of the standard error: it differs from client to client.
	queue := w.Limit * (1 - 1/f.base.ratio(s))
	// Hundreds of calls need more to be kept busy.
	target := max(f.Queue, headroom(w.Limit))
	d.Value, d.Bound = queue, target
	if f.young && f.begin(&w, queue, target, &d) {
		return f.finish(&w, s, d)
	}
	f.young = false
	d.Limit = clamp(w.Limit+(target-queue)/2, w.Limit/2, 2*w.Limit)
	if d.Limit < w.Limit {
		d.Reason, d.Unless = "more calls queue than this client's share", "grows below the bound"
	} else {
		d.Reason, d.Unless = "no more calls queue than this client's share", "cuts above the bound"
	}
	return f.finish(&w, s, d)
}

// begin is start-up, of which the common one is no part: alone a client cannot tell what
// its windows measure from the queue of the others. It reports whether it goes on.
func (f *fair) begin(w *Window, queue, target float64, d *Decision) bool {
	switch {
	case f.base.sharing.probes == 0:
		d.Reason, d.Unless = "waits to measure the baseline together with the others", "starts up after the next instant common to all clients"
	case queue < target/2:
		f.held = false
		d.Bound, d.Limit = target/2, 2*w.Limit
		d.Reason, d.Unless = "starting up", "stops doubling above the bound"
	case !f.held:
		f.held = true
		d.Reason, d.Unless = "starting up, round trips rose once", "goes on doubling below the bound"
	default:
		return false
	}
	return true
}
