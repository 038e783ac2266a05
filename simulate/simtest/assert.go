package simtest

import (
	"fmt"
	"time"

	"github.com/flyball-go/flyball/simulate"
)

// NeverExceeds fails the test if more than n calls were in flight at one time,
// callers who had left not counted. A number that held for no time is no excess.
func (d *Downstream) NeverExceeds(n int) {
	d.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.peak.settle(d.clock.now())
	if d.peak.most > n {
		d.t.Errorf("simtest: calls in flight: %s, want at most %d", &d.peak, n)
	}
}

// AmplificationBelow fails the test if the downstream received x calls or more
// for each logical call. It ends the test if there was none.
func (d *Downstream) AmplificationBelow(x float64) {
	d.t.Helper()
	r := d.Report()
	if r.Offered == 0 {
		d.t.Fatal("simtest: no logical call: run calls by Offer or Do")
	}
	if got := r.Amplification(); got >= x {
		d.t.Errorf("simtest: amplification is %.2f, want below %v: %d calls received for %d offered, %d of them stale", got, x, r.Received, r.Offered, r.Stale)
	}
}

// FaultsEnd is when the last of the scenario's faults is over. It ends the test
// if there is none, or one that goes on.
func (d *Downstream) FaultsEnd() time.Duration {
	d.t.Helper()
	var end time.Duration
	for _, f := range d.scenario.Faults {
		if f.For == 0 || f.Every > 0 {
			d.t.Fatalf("simtest: the fault %s at %v never ends", f.Kind, f.At)
		}
		end = max(end, f.At+f.For)
	}
	if end == 0 {
		d.t.Fatal("simtest: the scenario has no fault")
	}
	return end
}

const (
	settledFor     = 3    // bins in a row
	settledShare   = 0.85 // of the share of calls that succeeded before
	settledLatency = 1.5  // times the mean latency before
)

// RecoversWithin fails the test unless the calls are well again at most limit
// after the instant after, such as [Downstream.FaultsEnd]. Time is cut into bins
// of 1/240 of the scenario, and calls are told by when they began. They are well
// from the first of three bins in a row in each of which the share of logical
// calls that succeeded is at least 85 %, and their mean latency at most 1.5 times,
// of what they were before the first fault (or before after, if that is earlier).
// Bins without a call are passed over. It ends the test if there is nothing to
// compare with.
func (d *Downstream) RecoversWithin(limit, after time.Duration) {
	d.t.Helper()
	before := after
	for _, f := range d.scenario.Faults {
		before = min(before, f.At)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	healthy := d.health(0, before)
	if healthy.succeeded == 0 {
		d.t.Fatalf("simtest: no logical call succeeded before %v: there is nothing to recover to", before)
	}
	width := d.scenario.Duration / simulate.Bins
	now := time.Duration(d.clock.now())
	var well int
	var since, badSince time.Duration
	var bad health // the latest
	for from := after; from < now; from += width {
		h := d.health(from, min(from+width, now))
		switch {
		case h.offered == 0:
			continue
		case !h.asGoodAs(healthy):
			well, badSince, bad = 0, from, h
			continue
		}
		if well++; well == 1 {
			since = from
		}
		if well == settledFor {
			if took := since - after; took > limit {
				d.t.Errorf("simtest: recovered %v after %v, want at most %v; from %v on %v, before %v %v", took, after, limit, badSince, bad, before, healthy)
			}
			return
		}
	}
	if bad.offered == 0 {
		d.t.Errorf("simtest: no recovery seen after %v: too few calls by now, %v", after, now)
		return
	}
	d.t.Errorf("simtest: not recovered after %v by now, %v; from %v on %v, before %v %v", after, now, badSince, bad, before, healthy)
}

// health is how the logical calls of a stretch of time fared.
type health struct {
	offered, succeeded int
	sum                time.Duration // latency of those that succeeded
}

// health tells of the calls that began in [from, to). d.mu is held.
func (d *Downstream) health(from, to time.Duration) health {
	var h health
	for _, c := range d.calls { // in the order of birth
		if c.born < from {
			continue
		}
		if c.born >= to {
			break
		}
		h.offered++
		if c.state == succeeded {
			h.succeeded++
			h.sum += c.end - c.born
		}
	}
	return h
}

func (h health) share() float64 { return float64(h.succeeded) / float64(max(1, h.offered)) }

func (h health) mean() float64 { return h.sum.Seconds() / float64(max(1, h.succeeded)) }

func (h health) asGoodAs(before health) bool {
	return h.succeeded > 0 && h.share() >= settledShare*before.share() && h.mean() <= settledLatency*before.mean()
}

func (h health) String() string {
	return fmt.Sprintf("%.0f%% of calls succeeded, in %v on average", 100*h.share(), short(h.mean()))
}
