package simtest

import (
	"fmt"
	"time"

	"github.com/flyball-go/flyball/simulate"
)

// A Report is what a Downstream has seen by an instant.
type Report struct {
	At time.Duration // since New

	// Calls that were sent to the downstream, retries included, by how they
	// ended for the caller. Received is the sum of the others.
	Received uint64
	Served   uint64
	Failed   uint64
	Refused  uint64
	Left     uint64 // the caller left before the answer
	InFlight uint64 // not ended yet

	Stale        uint64             // calls that the downstream worked on after their caller had left
	PeakInFlight int                // most calls in flight at one time; a number that held for no time does not count
	Queue        simulate.Level     // calls that wait at the downstream, those of callers who have left included
	Latency      simulate.Quantiles // in seconds, of calls served and of those left at a deadline

	// Logical calls, those of Offer and Do. Offered is the sum of the others.
	Offered   uint64
	Succeeded uint64
	GaveUp    uint64 // ended with an error
	Pending   uint64
}

// Amplification is calls received for each logical call; 0 if there was none.
func (r Report) Amplification() float64 {
	if r.Offered == 0 {
		return 0
	}
	return float64(r.Received) / float64(r.Offered)
}

// String returns the report in two lines.
func (r Report) String() string {
	return fmt.Sprintf("%v: %d offered: %d succeeded, %d gave up, %d pending; amplification %.2f\n"+
		"%d received: %d served, %d failed, %d refused, %d left, %d in flight (at most %d); %d stale; p50 %v, p99 %v",
		r.At, r.Offered, r.Succeeded, r.GaveUp, r.Pending, r.Amplification(),
		r.Received, r.Served, r.Failed, r.Refused, r.Left, r.InFlight, r.PeakInFlight, r.Stale, short(r.Latency.P50), short(r.Latency.P99))
}

// short is seconds as a duration of three digits or so.
func short(seconds float64) time.Duration {
	d := time.Duration(seconds * float64(time.Second))
	for unit := time.Duration(1); ; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit)
		}
	}
}

// Report returns what the downstream has seen by now.
func (d *Downstream) Report() Report {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.clock.now()
	seen := d.live.Seen(now)
	d.rearm(now)
	d.peak.settle(now)
	r := d.counts
	r.At = time.Duration(now)
	r.InFlight = uint64(d.peak.value)
	r.Stale, r.Queue, r.Latency = seen.Stale, seen.Queue, seen.Latency
	r.PeakInFlight = d.peak.most
	r.Offered = uint64(len(d.calls))
	for _, c := range d.calls {
		switch c.state {
		case pending:
			r.Pending++
		case succeeded:
			r.Succeeded++
		case failed:
			r.GaveUp++
		}
	}
	return r
}
