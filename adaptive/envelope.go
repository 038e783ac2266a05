package adaptive

import (
	"errors"
	"fmt"
	"time"
)

// An Envelope is what a tuned configuration is expected to do: a file that the
// tuner wrote carries the one that it saw in simulation. A zero field expects
// nothing; the zero Envelope expects nothing at all.
type Envelope struct {
	MinLimit int           // the limit stays at or above this
	MaxLimit int           // … and at or below this
	P99      time.Duration // 99 % of the round trips take no longer
	Rejected float64       // share of the arrivals that are rejected, at most; up to 1
}

// Validate returns all faults of e, joined, or nil.
func (e Envelope) Validate() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("adaptive: envelope: "+format, args...))
	}
	if e.MinLimit < 0 {
		fault("MinLimit is %d, must be at least 1, or 0 for none", e.MinLimit)
	}
	if e.MaxLimit < 0 {
		fault("MaxLimit is %d, must be at least 1, or 0 for none", e.MaxLimit)
	} else if e.MaxLimit > 0 && e.MinLimit > e.MaxLimit {
		fault("MinLimit is %d, above MaxLimit %d", e.MinLimit, e.MaxLimit)
	}
	if e.P99 < 0 {
		fault("P99 is %v, must be above 0, or 0 for none", e.P99)
	}
	if !(e.Rejected >= 0 && e.Rejected <= 1) {
		fault("Rejected is %v, must be above 0 and up to 1, or 0 for none", e.Rejected)
	}
	return errors.Join(faults...)
}
