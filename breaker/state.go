package breaker

import (
	"strconv"

	"github.com/flyball-go/flyball/adaptive"
)

// State is where a breaker stands.
type State uint8

const (
	Closed       State = iota // calls pass and are counted
	HalfOpen                  // a few probes pass, all else is rejected
	Open                      // all is rejected
	ForcedOpen                // all is rejected, until an operator says otherwise
	ForcedClosed              // calls pass and are counted, but nothing trips, likewise
	Disabled                  // calls pass and are not counted, likewise
)

var stateNames = [...]string{"closed", "half-open", "open", "forced open", "forced closed", "disabled"}

// String returns the state; the first three in gobreaker's words: "closed",
// "half-open", "open".
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "state " + strconv.Itoa(int(s))
}

// admits reports whether calls pass to the limiter.
func (s State) admits() bool { return s == Closed || s == ForcedClosed || s == Disabled }

// A Change is a change of state.
type Change struct {
	From, To State
	At       adaptive.Instant // on the limiter's clock
	Why      string           // what brought it about, with the numbers
}

// Stats is where a Breaker stands and what it did since it was made.
type Stats struct {
	State     State
	Successes uint64 // in the window, if closed; of probes, if half-open
	Failures  uint64 // the same
	Slow      uint64 // in the window, if closed and SlowRate is on

	Remembered int              // limit from before it opened last; 0 if it never did
	Until      adaptive.Instant // when it may probe, if open

	Opened         uint64 // how often it opened by itself
	RejectedOpen   uint64 // calls not sent because it was open
	RejectedProbes uint64 // calls not sent because its probes were in flight
	Late           uint64 // results of calls from before the last change of state; they count for nothing
}
