package corelimit

import (
	"math"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/platinummonkey/go-concurrency-limits/core"
)

// fed is a limit and what it was told.
type fed struct {
	make  func(w adaptive.Window) core.Limit
	limit core.Limit
	rtt   time.Duration // last one known
}

// begin makes the limit, in the first window and whenever somebody else moved
// the limit in force, and reports whether w is the first.
func (f *fed) begin(w adaptive.Window) (first bool) {
	first = f.limit == nil
	if first || w.Resumed {
		f.limit = f.make(w)
	}
	return first
}

// decide asks the limit what it wants after w.
func (f *fed) decide(w adaptive.Window, next adaptive.Collect) adaptive.Decision {
	n := float64(f.limit.EstimatedLimit())
	return adaptive.Decision{
		Limit: n, Reason: "estimate of go-concurrency-limits", Value: n, Bound: math.Round(w.Limit),
		Unless: "holds while the estimate does", Next: next,
	}
}

// tell passes one sample on. Their instants are nanoseconds since 1970, but are
// only ever compared with each other.
func (f *fed) tell(at adaptive.Instant, rtt time.Duration, inFlight int, drop bool) {
	f.limit.OnSample(int64(at.Add(-rtt)), int64(rtt), inFlight, drop)
}

// nth is the k-th shortest of the n round trips in h, counted from 0.
func nth(h *adaptive.Histogram, k, n int) time.Duration {
	return h.Quantile((float64(k) + 0.5) / float64(n))
}

// perCall tells a limit of every call, as its own tests do.
type perCall struct{ fed }

// Update implements [adaptive.Controller].
func (p *perCall) Update(w adaptive.Window) adaptive.Decision {
	if first := p.begin(w); !first {
		p.calls(&w)
	}
	return p.decide(w, adaptive.Collect{Samples: 1})
}

// calls tells of each call in w: one, unless several ended at the same moment on
// different CPUs; of those the time-outs took longest.
func (p *perCall) calls(w *adaptive.Window) {
	n := w.Latency.Count()
	for k := range n {
		p.rtt = nth(w.Latency, k, n)
		p.tell(w.Closed, p.rtt, w.PeakInFlight, k >= n-w.Censored)
	}
	for range w.Count[adaptive.Refused] {
		// A refusal has no round trip, and a short one would pass for a call that
		// met no queue: it is told with the last known, or with one it cannot have
		// exceeded.
		rtt := p.rtt
		if rtt == 0 {
			rtt = max(w.Length(), 1)
		}
		p.tell(w.Closed, rtt, w.PeakInFlight, true)
	}
}
