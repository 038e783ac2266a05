package breaker

import (
	"strconv"

	"github.com/flyball-go/flyball/adaptive"
)

// State is where a breaker stands.
type State uint8

const (
	Closed   State = iota // calls pass and are counted
	HalfOpen              // a few probes pass, all else is rejected
	Open                  // all is rejected
)

// String returns the state in gobreaker's words: "closed", "half-open", "open".
func (s State) String() string {
	switch s {
	case Closed:
		return "closed"
	case HalfOpen:
		return "half-open"
	case Open:
		return "open"
	}
	return "state " + strconv.Itoa(int(s))
}

// Stats is where a Breaker stands and what it did since it was made.
type Stats struct {
	State     State
	Successes uint64 // in the window, if closed; of probes, if half-open
	Failures  uint64 // the same

	Remembered int              // limit from before it opened last; 0 if it never did
	Until      adaptive.Instant // when it may probe, if open

	Opened         uint64 // how often it opened
	RejectedOpen   uint64 // calls not sent because it was open
	RejectedProbes uint64 // calls not sent because its probes were in flight
	Late           uint64 // results of calls from before the last change of state; they count for nothing
}
