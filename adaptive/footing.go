package adaptive

import "math"

// footing is what AIMD and Vegas have in common: what any law has to do about
// the first window, time-outs, refusals, an unused limit and the baseline, before
// the two differ.
type footing struct {
	base     baseline
	begun    bool
	starting bool    // doubling until the first sign of a queue
	high     int     // windows in a row with a high round trip
	good     float64 // limit before time-outs cut it; 0 if none
	felt     float64 // share of late windows in which the limit was felt
}

const (
	timeOutsCut  = 0.2  // share of time-outs above which the limit is halved
	refusalsCut  = 0.02 // share of refusals above which the limit is cut
	nearBaseline = 1.3  // round trips up to here let a cut limit come back fast
	highRatio    = 1.54 // a round trip that may mean a slower downstream
)

// collect asks for an ordinary window: one generation of calls and a floor, so
// that its centre is known to a few tenths.
func (f *footing) collect(limit float64) Collect {
	n := 40 + limit
	if f.starting {
		n = max(32, 0.3*n)
	}
	return Collect{Samples: int(n), TimeOuts: max(3, int(limit/2))}
}

// decide handles what needs no law. If it cannot, ok is false and s holds the
// statistic of w.
func (f *footing) decide(w *Window) (d Decision, s statistic, ok bool) {
	s = statisticOf(w.Latency)
	d.Limit = w.Limit
	if w.Resumed {
		f.base.probing = false // the probe was cut short
	}
	switch over := w.Overload(); {
	case !f.begun:
		f.begun, f.starting = true, true
		d.Reason, d.Unless = "start", "moves when calls have been measured"
		d.Next = Collect{Samples: 6} // the first calls dial and warm up: not counted
		return d, s, true
	case f.base.probing:
		f.base.probed(w)
		d.Reason, d.Unless = "probe of the baseline is over", "the baseline moves only if the round trip did not follow the concurrency"
		d.Value, d.Bound = statisticOf(w.Latency).rtt/1e6, f.base.rtt/1e6
	case f.base.rtt == 0 && s.n < 5:
		d.Reason, d.Unless = "nothing measured yet", "moves when calls have been measured"
		if w.Count[Refused] > 0 {
			d.Limit = w.Limit * 0.7
			d.Reason, d.Unless = "refused before anything was measured", "holds while nothing is refused"
		}
	case float64(w.Count[TimedOut]) > timeOutsCut*float64(w.Samples()):
		f.good, f.starting = max(f.good, w.Limit), false
		d.Limit = w.Limit / 2
		d.Reason, d.Unless = "share of time-outs too high", "holds at or below the bound"
		d.Value, d.Bound = float64(w.Count[TimedOut])/float64(w.Samples()), timeOutsCut
	case over > refusalsCut:
		f.starting = false
		d.Limit = max(min(w.Limit, max(w.MeanInFlight, 1))*(1-min(0.5, over)/2), w.Limit/2)
		d.Reason, d.Unless = "share of refusals too high", "holds at or below the bound"
		d.Value, d.Bound = over, refusalsCut
	case !f.saturated(w):
		f.learn(w, s)
		d.Reason, d.Unless = "limit not in use", "moves when calls reach the limit"
		d.Value, d.Bound = float64(w.PeakInFlight), w.Limit
	case f.good > w.Limit && f.ratio(w, s) < nearBaseline+2*f.base.sigma(s):
		d.Limit = min(2*w.Limit, f.good)
		d.Reason, d.Unless = "returning to the limit from before the time-outs", "holds if round trips rise"
		d.Value, d.Bound = f.base.ratio(s), nearBaseline
	default:
		f.good = 0
		f.ratio(w, s)
		return d, s, false
	}
	if f.good > 0 && d.Limit >= f.good {
		f.good = 0
	}
	d.Next = f.collect(d.Limit)
	return d, s, true
}

func (f *footing) saturated(w *Window) bool {
	felt := 0.0
	if w.Saturated() {
		felt = 1
	}
	f.felt += 0.3 * (felt - f.felt)
	return felt == 1
}

// ratio is the round trip over the baseline, which learns from w first.
func (f *footing) ratio(w *Window, s statistic) float64 {
	f.learn(w, s)
	return f.base.ratio(s)
}

func (f *footing) learn(w *Window, s statistic) {
	if s.n >= 5 {
		f.base.learn(s, w.Closed)
	}
}

// next finishes d, which the law has decided on s: an ordinary window, or a
// probe of the baseline if one is due.
func (f *footing) next(w *Window, s statistic, d Decision) Decision {
	if f.base.ratio(s) > highRatio+2*f.base.sigma(s) {
		f.high++
	} else {
		f.high = 0
	}
	if !f.starting && f.felt >= 0.5 && f.base.due(s, d.Limit, w.Closed, f.high >= 2) {
		limit := clamp(d.Limit, w.Min, w.Max)
		d.Limit, d.Next = f.base.probe(w, s, limit)
		d.Reason += "; probing the baseline"
		return d
	}
	d.Next = f.collect(d.Limit)
	if r := d.Limit / w.Limit; r < 0.87 || r > 1.15 {
		d.Next.Fresh = true // settle: calls from under the old limit say nothing of the new one
	}
	return d
}

// square root of the limit, times half: what a downstream with that many servers
// needs beyond them to be kept busy.
func headroom(limit float64) float64 { return 0.5 * math.Sqrt(limit) }
