package adaptive

import "time"

// A Law describes a control law and its constants, such as Vegas{Alpha: 3}. It
// holds no state: one Law may serve any number of Limiters. The built-in laws
// are comparable values whose String is read back by [ParseLaw].
type Law interface {
	// New returns the law at work, for one Limiter.
	New() Controller
}

// A Controller is a Law at work: it moves the limit of one Limiter.
//
// A Limiter calls Update from one goroutine at a time and keeps the answer
// within Config.Min and Config.Max. Update takes all it knows from its
// argument: no clock and no global randomness, so that the same windows give
// the same decisions, live or simulated. It must not keep pointers out of w.
type Controller interface {
	// Update returns what to do after the window w. The first call has an empty
	// window (Completions 0, Opened equal to Closed) and asks for the first.
	Update(w Window) Decision
}

// A Window is what one control period measured. Counts, latencies and
// in-flight levels are of the calls that ended while it was open, and in a cohort
// ([Collect.Cohort]) only of those that were admitted into it.
type Window struct {
	Opened, Closed Instant   // on the Limiter's clock
	Wall           time.Time // wall-clock time of Closed
	Limit          float64   // the law's limit: what the last Decision asked for, within Min and Max
	Min, Max       float64   // bounds of the limit

	Count       [Outcomes]int // calls counted, by outcome
	Completions int           // all calls that ended, counted or not
	Blocked     int           // arrivals that found no free place

	InFlight int // calls in flight when the window closed
	// Calls in flight at the start of a counted call, that call included. While no
	// more than half the limit is used, places that are kept between calls count, too.
	PeakInFlight int // the most
	MeanInFlight float64

	// Round trips of Success, and of TimedOut as a lower bound; never nil. Where many
	// calls end only some are timed: then these are an even share of both.
	Latency  *Histogram
	Low      *Histogram // those of them that started at no more than Collect.Low in flight; never nil
	Censored int        // how many in Latency are of TimedOut

	Pending int  // calls of a cohort that had not ended when the window closed: slower than those that had
	Drained bool // false if Collect.Drain was given up at its deadline
	Resumed bool // the limit was pinned, held or restored since the last window: what was learned of load is stale
}

// Length is how long the window was open.
func (w *Window) Length() time.Duration { return w.Closed.Sub(w.Opened) }

// Samples is the number of calls that tell of load: Success, Refused, TimedOut.
func (w *Window) Samples() int { return w.Count[Success] + w.Count[Refused] + w.Count[TimedOut] }

// Overload is the share of Samples that were Refused or TimedOut; 0 if none.
func (w *Window) Overload() float64 {
	if n := w.Samples(); n > 0 {
		return float64(w.Count[Refused]+w.Count[TimedOut]) / float64(n)
	}
	return 0
}

// Saturated reports whether the limit was felt: an arrival was blocked, or the
// calls in flight reached the limit. An unsaturated window says nothing about
// whether the limit is right.
func (w *Window) Saturated() bool {
	return w.Blocked > 0 || float64(w.PeakInFlight) >= w.Limit
}

// A Decision is what a law wants: a limit, the reason for it, and how to collect
// the next window. The Limiter fills in the rest and keeps the last 256.
type Decision struct {
	Limit  float64 // to enforce, rounded to the nearest whole number; kept within Min and Max
	Reason string  // why, as a constant text: "queue estimate above beta"
	Value  float64 // the number that decided
	Bound  float64 // what it was held against
	Unless string  // what would have decided otherwise, as a constant text: "holds at or below beta"
	Next   Collect // how to collect the next window

	// Filled in by the Limiter.
	Name         string // Config.Name
	At           Instant
	From, To     int           // enforced limit before and after
	Samples      int           // of the window
	Median       time.Duration // round trip of the window
	PeakInFlight int
	Blocked      int
	Outside      string // how reality has left Parts.Expected, over the last 1,000 round trips; "" if not
}

// Collect says how a window is collected. The zero Collect closes at the first
// event. Durations run from the moment the window opens. A probe is nothing
// special: a window with a lower limit, a drain before it and a cohort in it.
//
// A window closes at an event: a call that ends or, now and then, an arrival that
// is blocked. No timer runs. On a [Clock] of one's own that is the very event that
// fills it; on the machine's, one within a quarter of a millisecond or, if the
// window is longer, a little later.
type Collect struct {
	Samples  int           // close when so many of Window.Samples were timed; 0 means do not wait for any
	Within   time.Duration // close after so long, whatever Samples; 0 means never
	TimeOuts int           // close early after so many TimedOut if they are over half of Samples; 0 means never

	Low int // calls started at no more than this in flight also go to Window.Low; 0 means none

	Settle      time.Duration // open the window only after so long: what ends until then was admitted under another limit
	Drain       int           // … and when no more than so many calls are in flight; 0 means whatever is
	DrainWithin time.Duration // … or after so long; 0 means never

	Cohort time.Duration // count only calls admitted for so long, close when all of them ended; 0 means off
	Calls  int           // … and until so many were admitted, if that takes longer
	AtMost time.Duration // … but no longer than this; 0 means as long as it takes
	After  float64       // limit to enforce once Cohort has passed, while its calls end; 0 means leave it
}
