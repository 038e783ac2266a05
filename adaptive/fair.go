package adaptive

// Fair keeps the same number of calls of each client in the queue of a downstream,
// as TCP Vegas does of each connection, so that clients that know nothing of each
// other come to equal shares of it, and one that comes late to as much. A client
// whose baseline is off by a hundredth has a limit that is off by three or four, where
// it is fourteen under [Knee]; and baselines are measured better, by longer and more
// frequent probes. The price is what those cost, a queue of so many calls for each
// client, longer windows, and a limit that follows what is in flight down. Use it where
// many processes overload one downstream that does some four to sixteen calls at a time
// for each. See docs/law.md and docs/reliability.md, which has figures.
type Fair struct {
	Queue float64 // calls of this client to keep in the downstream's queue; 0 means 4
}

func (f Fair) withDefaults() Fair { return Fair{or(f.Queue, 4)} }

// New implements [Law].
func (f Fair) New() Controller {
	c := &fair{Fair: f.withDefaults()}
	c.base.shared = true
	return c
}

// String is the law as [ParseLaw] reads it.
func (f Fair) String() string { return lawString("fair", f, Fair{}) }

type fair struct {
	Fair
	footing
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
	d.Limit = clamp(w.Limit+(target-queue)/2, w.Limit/2, 2*w.Limit)
	if d.Limit < w.Limit {
		d.Reason, d.Unless = "more calls queue than this client's share", "grows below the bound"
	} else {
		d.Reason, d.Unless = "no more calls queue than this client's share", "cuts above the bound"
	}
	return f.finish(&w, s, d)
}
