package adaptive

import (
	"errors"
	"strconv"
)

// ErrRejected is the umbrella over every rejection: the call was never sent, so
// falling back, requeueing or trying elsewhere repeats no work.
var ErrRejected = errors.New("adaptive: rejected")

// RejectReason says why a guard did not send a call.
type RejectReason uint8

const (
	RejectLimit        RejectReason = iota // the limit is reached and nothing may wait
	RejectQueueFull                        // as many calls wait as may wait
	RejectQueueTimeout                     // waited MaxWait without a permit
	RejectDeadline                         // the deadline is nearer than the expected wait
	RejectRetryAfter                       // the downstream asked everybody to hold back
	RejectBreakerOpen                      // a circuit breaker is open
	RejectProbes                           // a circuit breaker has its probes in flight
	RejectClosed                           // the limiter is closed
	RejectCall                             // the Call cannot be: more weight than Config.Max, or an unknown priority
	RejectKeys                             // a Keyed has too many keys, and all are in use

	// RejectReasons is the number of reasons, for arrays indexed by RejectReason.
	RejectReasons = int(RejectKeys) + 1
)

var rejectNames = [RejectReasons]string{
	"limit reached", "queue full", "queue timeout", "deadline too near",
	"retry-after", "breaker open", "too many probes", "closed", "call not possible",
	"too many keys",
}

// String returns the reason in lower case, such as "queue full".
func (r RejectReason) String() string {
	if int(r) < RejectReasons {
		return rejectNames[r]
	}
	return "reason " + strconv.Itoa(int(r))
}

// A RejectedError says why a call was not sent. It matches [ErrRejected]. There
// is one per limiter and reason, made in advance, so that rejecting allocates
// nothing; for live numbers ask [Limiter.Stats].
type RejectedError struct {
	Name   string // of the limiter, as in Config
	Reason RejectReason
}

func (e *RejectedError) Error() string {
	if e.Name == "" {
		return "adaptive: rejected: " + e.Reason.String()
	}
	return "adaptive: " + e.Name + ": rejected: " + e.Reason.String()
}

// Is makes errors.Is(err, ErrRejected) true.
func (e *RejectedError) Is(target error) bool { return target == ErrRejected }
