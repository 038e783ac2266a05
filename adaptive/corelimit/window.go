package corelimit

import (
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// The constants of their DefaultLimiter.
const (
	windowTime   = time.Second
	windowCalls  = 100 // a window needs more than so many round trips
	rttThreshold = 100 * time.Microsecond
)

// perWindow tells a limit of windows, as their DefaultLimiter does: one that has
// been open long enough goes on until it has enough round trips.
type perWindow struct {
	fed
	calls    int           // round trips of this window so far
	lowest   time.Duration // of them
	inFlight int           // most at the start of a call
	drop     bool
}

// Update implements [adaptive.Controller].
func (p *perWindow) Update(w adaptive.Window) adaptive.Decision {
	if first := p.begin(w); first {
		// Theirs lets the first window end as soon as it has its calls.
		return p.decide(w, adaptive.Collect{Samples: windowCalls + 1})
	}
	if w.Resumed {
		p.clear()
	}
	p.add(&w)
	if p.calls <= windowCalls {
		return p.decide(w, adaptive.Collect{Samples: windowCalls + 1 - p.calls})
	}
	p.tell(w.Closed, p.lowest, p.inFlight, p.drop)
	p.clear()
	return p.decide(w, adaptive.Collect{Within: windowTime + 1})
}

func (p *perWindow) clear() { p.calls, p.lowest, p.inFlight, p.drop = 0, 0, 0, false }

// add counts the calls of w. Round trips below the threshold do not exist, and
// of a time-out only that it happened.
func (p *perWindow) add(w *adaptive.Window) {
	p.inFlight = max(p.inFlight, w.PeakInFlight)
	p.drop = p.drop || w.Overload() > 0
	n, from := w.Latency.Count(), 0
	if n > 0 && nth(w.Latency, 0, n) < rttThreshold {
		for to := n; from < to; { // the first one that is long enough
			if mid := (from + to) / 2; nth(w.Latency, mid, n) < rttThreshold {
				from = mid + 1
			} else {
				to = mid
			}
		}
	}
	if long := n - from - w.Censored; long > 0 {
		if rtt := nth(w.Latency, from, n); p.calls == 0 || rtt < p.lowest {
			p.lowest = rtt
		}
		p.calls += long
	}
}
