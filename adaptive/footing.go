package adaptive

import (
	"math"
	"time"
)

// footing is what the adaptive laws have in common: the first window, time-outs,
// refusals, an unused limit, start-up and the baseline. A law only steers from
// there. See docs/law.md.
type footing struct {
	without parts
	base    baseline
	little  little
	begun   int // windows seen, up to two

	starting bool // doubling until a queue shows
	held     bool // one window spoke against doubling; one may be noise
	crowd    crowd

	good    float64 // limit before time-outs cut it; 0 if none
	felt    float64 // share of late windows in which the limit was felt
	high    int     // windows in a row with a round trip far above the baseline
	pre     float64 // limit before them
	cool    int     // windows for which a high round trip is no news
	grew    float64 // how much the limit has grown of late, as a logarithm
	hot     bool    // the probe under way was called by a high round trip
	deep    bool    // … or by one that met a queue itself
	shallow float64 // baseline before the first of these

	last   statistic // of the last full window
	load   float64   // mean in flight in it
	wanted int       // samples asked for
}

// The constants have their reasons in docs/law.md.
const (
	timeOutsCut  = 0.2  // share of time-outs above which the limit is halved
	refusalsCut  = 0.02 // share of refusals above which the limit is cut
	conceded     = 1.1  // round trip over the baseline that is always conceded
	nearBaseline = 1.3  // … up to which a cut limit comes back fast
	highRatio    = 2    // … that may mean a slower downstream
)

// collect asks for an ordinary window: one generation of calls and a floor, so
// that its centre is known to a few tenths.
func (f *footing) collect(limit float64) Collect {
	n := 40 + limit
	switch {
	case f.starting:
		n = max(startUpCalls, 0.3*n)
	case f.good > limit && f.without.has(memory): // on the way back to what is known
		n = max(10, 0.3*n)
	case f.base.sharing.on:
		n *= 2
	}
	f.wanted = int(n)
	return Collect{Samples: int(n), TimeOuts: max(3, int(limit/2))}
}

// decide handles what needs no law. If it does not, steer is true and the law
// has to move the limit by s.
func (f *footing) decide(w *Window) (d Decision, s statistic, steer bool) {
	s = statisticOf(w.Latency, w.Pending)
	d.Limit, f.base.least = w.Limit, w.Min
	if w.Resumed {
		f.base.probing, f.hot, f.deep = false, false, false // the probe, if there was one, was cut short
	}
	if f.begun < 2 {
		f.begun++
		f.starting = !f.base.sharing.on // there the law sees to it
		d.Reason, d.Unless = "start", "moves when calls have been measured"
		d.Next = f.collect(w.Limit)
		if f.begun == 1 {
			d.Next = Collect{Samples: 6} // dials and warm-up, and of the rest the quick ones: not counted
		}
		return d, s, false
	}
	if f.base.probing {
		if f.probed(w, s, &d) {
			return d, s, false
		}
		return f.finish(w, s, d), s, false
	}
	if f.base.passed(w) && w.Samples() < f.wanted && 2*w.Count[TimedOut] <= w.Samples() {
		d.Reason, d.Unless = "time to measure the baseline", "waits for the next instant common to all clients"
		return f.probe(f.last, f.load, w.Limit, d), f.last, false
	}
	f.last, f.load = s, w.MeanInFlight
	if f.starving(w, &d) {
		return f.finish(w, s, d), s, false
	}
	if f.overloaded(w, &d) {
		return f.finish(w, s, d), s, false
	}
	if s.n < 5 {
		d.Reason, d.Unless = "too few calls measured", "moves when more have been"
		return f.finish(w, s, d), s, false
	}
	sat := w.Saturated()
	f.felt *= 0.7
	if sat {
		f.felt += 0.3
	}
	if early := f.crowd.early(w, s); !early || !f.without.has(doubt) {
		if f.base.rtt > 0 && f.starting && sat && f.base.ratio(s) < quietRatio+quietSigmas*f.base.sigma(s) {
			f.base.pool(s)
		}
		f.base.learn(s, w)
	}
	q, se := f.base.ratio(s), 2*f.base.sigma(s)
	f.watch(q > highRatio+se, w)
	switch {
	case !sat:
		d.Reason, d.Unless = "limit not in use", "moves when calls reach the limit"
		d.Value, d.Bound = float64(w.PeakInFlight), w.Limit
		if f.base.sharing.on { // a limit that is not felt keeps no share
			d.Limit -= (w.Limit - max(1, float64(w.PeakInFlight))) / 2
			d.Reason, d.Unless = "limit not in use: half way to the most in flight", "holds when calls reach the limit"
		}
	case f.good > w.Limit && f.without.has(memory) && q < nearBaseline+se:
		d.Limit = min(2*w.Limit, f.good)
		d.Reason, d.Unless = "returning to the limit from before the time-outs", "holds if round trips rise"
		d.Value, d.Bound = q, nearBaseline+se
	case f.starting:
		f.startUp(w, s, &d)
	default:
		f.good = 0
		return d, s, true
	}
	return f.finish(w, s, d), s, false
}

// watch counts windows with a high round trip in a row.
func (f *footing) watch(high bool, w *Window) {
	f.cool = max(0, f.cool-1)
	if !high {
		f.high = 0
		return
	}
	if f.high == 0 {
		f.pre = w.Limit
	}
	f.high++
}

// overloaded cuts the limit on time-outs and refusals.
func (f *footing) overloaded(w *Window, d *Decision) bool {
	n := float64(w.Samples())
	timedOut, refused := float64(w.Count[TimedOut])/max(n, 1), float64(w.Count[Refused])/max(n, 1)
	switch {
	case timedOut > timeOutsCut:
		if !f.starting || !f.without.has(verification) { // until then nothing has shown that it is good
			f.good = max(f.good, w.Limit)
		}
		d.Limit = w.Limit / 2
		d.Reason, d.Value, d.Bound = "share of time-outs too high", timedOut, timeOutsCut
	case refused > refusalsCut && n < 5:
		d.Limit = 0.7 * w.Limit
		d.Reason, d.Value, d.Bound = "refused before anything was measured", refused, refusalsCut
	case refused > refusalsCut:
		d.Limit = max(min(w.Limit, max(w.MeanInFlight, 1))*(1-min(0.5, refused)/2), w.Limit/2)
		d.Reason, d.Value, d.Bound = "share of refusals too high", refused, refusalsCut
	default:
		return false
	}
	d.Unless = "holds at or below the bound"
	if f.starting && f.without.has(verification) {
		f.base.last = time.Time{} // verify: what was learnt is perhaps of a full downstream
	}
	f.starting = false
	return true
}

// probed takes in the window of a probe, and asks for a deeper one if there was a
// queue even in that.
func (f *footing) probed(w *Window, s statistic, d *Decision) (again bool) {
	limit, rtt := f.base.limit, f.base.rtt
	f.little.lift(w.Limit)
	d.Value, d.Bound = s.rtt/1e6, rtt/1e6
	d.Reason, d.Unless = "probe over and the limit back, in ms against the baseline", "the baseline rises only if the round trip did not follow the concurrency"
	rose, followed := f.base.probed(w, s, f.deep)
	if followed {
		if !f.deep {
			f.deep, f.shallow = true, rtt
		}
		d.Reason = "a queue even in the probe, in ms against the baseline; probing deeper"
		d.Limit, d.Next = f.base.probe(min(0.6*limit, limit-1), s, limit, w.Limit, f.hot)
		return true
	}
	hot, deep := f.hot, f.deep
	f.hot, f.deep = false, false
	switch {
	case hot && (rose || f.base.ratio(f.last) <= highRatio):
		d.Limit = max(w.Limit, f.pre)
		d.Reason = "the downstream is slower, not fuller, in ms against the baseline"
	case hot:
		f.cool = 6
	}
	if deep && f.base.rtt < 0.8*f.shallow {
		// Most of what was in flight was queue: there is nothing to approach by halves.
		knee := conceded * f.load / max(1, f.base.ratio(f.last))
		d.Limit = min(d.Limit, knee+headroom(knee))
		d.Reason = "probe over and the limit where the queue ends, in ms against the baseline"
	}
	return false
}

// finish adds to d how to collect the next window: an ordinary one, or a probe of
// the baseline if one is due.
func (f *footing) finish(w *Window, s statistic, d Decision) Decision {
	if f.little.bound > 0 {
		d.Limit = min(d.Limit, f.little.bound)
	}
	d.Limit = clamp(d.Limit, w.Min, w.Max)
	if f.good > 0 && d.Limit >= f.good {
		f.good = 0
	}
	f.grew = 0.7*f.grew + math.Log(d.Limit/w.Limit)
	hot := f.without.has(alarm) && !f.base.sharing.on && f.high >= 2 && f.grew < 0.3 && f.cool == 0
	d.Next = f.collect(d.Limit)
	if r := d.Limit / w.Limit; (r < 0.87 || r > 1.15) && f.without.has(settling) {
		d.Next.Settle = time.Duration(s.rtt) // calls from under the old limit say nothing of the new one
	}
	f.hot = hot
	if !f.without.has(probes) || f.starting || f.felt < 0.5 || s.n < 5 || f.good > 0 {
		f.base.line = 0
		return d
	}
	seen := s
	if f.base.sharing.on {
		seen = f.last // a probe's round trip is not what all see
	}
	wait := f.base.due(seen, d.Limit, w, hot)
	if wait <= 0 {
		return f.probe(s, w.MeanInFlight, w.Limit, d)
	}
	if f.without.has(grid) {
		d.Next.Within = max(wait-d.Next.Settle, 1)
	}
	return d
}

// probe makes d ask for a probe, from what s and load are of: calls under limit.
func (f *footing) probe(s statistic, load, limit float64, d Decision) Decision {
	a := f.base.depth(s, min(limit, d.Limit))
	d.Limit, d.Next = f.base.probe(a, s, load, d.Limit, f.hot)
	d.Reason += "; probing the baseline"
	return d
}

// headroom is half of square-root staffing: what so many servers need beyond
// them to be kept busy.
func headroom(limit float64) float64 { return 0.5 * math.Sqrt(limit) }
