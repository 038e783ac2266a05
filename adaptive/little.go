package adaptive

import "math"

// little holds start-up against Little's law: calls in flight are throughput times
// round trip. If four times as many in flight let hardly more calls through, and those
// that end account for less than a third of the places, the others are slow or stuck.
// Slow ones come round and account for the rest; stuck ones time out. A downstream
// that serves the newest call first shows its queue in nothing else. See docs/law.md.
type little struct {
	seen [25]flow // of start-up, the most that each octave of calls in flight let through

	doubtful bool    // start-up waits to see what becomes of the calls in flight
	span     float64 // nanoseconds since then
	places   float64 // held since then, in nanoseconds
	answered float64 // … by calls that were answered
	timedOut int     // calls that timed out since then

	knee  float64 // places held by calls that were answered, when the doubt began
	bound float64 // limit at which none are stuck; 0 if any will do
}

// flow is how many calls a mean in flight let through.
type flow struct{ inFlight, rate float64 }

// account is what becomes of the calls in flight.
type account uint8

const (
	answered account = iota
	pending          // they hold places, and are slow or stuck
	stuck            // they time out
)

// starting takes in a window of start-up. Growing says that the limit was doubled of
// late: if it was not, more are in flight because fewer are answered.
func (l *little) starting(w *Window, growing bool) account {
	n, late, span := float64(w.Latency.Count()), float64(w.Censored), float64(w.Length())
	if w.Resumed {
		l.forget()
	}
	if n <= late || span <= 0 || 2*float64(w.PeakInFlight) <= w.Limit { // places that are kept would count
		return answered
	}
	now := flow{w.MeanInFlight, float64(w.Count[Success]) / span}
	held := now.rate * w.Latency.c.MeanBetween(0, 1-late/n)
	if !l.doubtful {
		l.doubtful = growing && held < now.inFlight/3 && l.vain(now)
		l.see(now)
		if !l.doubtful {
			return answered
		}
		l.span, l.places, l.answered, l.timedOut, l.knee = 0, 0, 0, 0, held
	}
	l.span += span
	l.places += now.inFlight * span
	l.answered += held * span
	l.timedOut += w.Count[TimedOut]
	switch {
	case l.answered > l.places/2:
		l.forget()
		return answered
	case l.timedOut >= 3:
		l.forget()
		l.bound = l.lowest()
		return stuck
	}
	return pending
}

func (l *little) see(now flow) {
	_, octave := math.Frexp(max(1, now.inFlight))
	if best := &l.seen[min(octave, len(l.seen)-1)]; now.rate > best.rate {
		*best = now
	}
}

func (l *little) forget() { l.seen, l.doubtful = [25]flow{}, false }

// vain reports whether a quarter of those in flight let hardly fewer calls through.
func (l *little) vain(now flow) bool {
	for _, then := range l.seen {
		if 4*then.inFlight <= now.inFlight && now.rate < 1.5*then.rate {
			return true
		}
	}
	return false
}

func (l *little) lowest() float64 { return conceded*l.knee + headroom(l.knee) }

// steady takes in a later window: while calls that time out hold more than a sixth
// of the places, the bound is too high.
func (l *little) steady(w *Window) {
	n, late := float64(w.Latency.Count()), float64(w.Censored)
	if l.bound == 0 || late == 0 {
		return
	}
	held := float64(w.Count[TimedOut]) * w.Latency.c.MeanBetween(1-late/n, 1)
	if held > w.MeanInFlight*float64(w.Length())/6 {
		l.bound = max(0.9*l.bound, l.lowest())
	}
}

// lift tries a higher bound, now and then, if limit made use of the last: the
// downstream may have grown.
func (l *little) lift(limit float64) {
	if l.bound == 0 || limit < 0.9*l.bound {
		return
	}
	if l.bound *= 1.1; l.bound > 4*l.knee {
		l.bound = 0
	}
}
