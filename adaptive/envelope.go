package adaptive

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// An Envelope is what a tuned configuration is expected to do: a file that the
// tuner wrote carries the one that it saw in simulation. A zero field expects
// nothing; the zero Envelope expects nothing at all. As [Parts.Expected] it makes a
// Limiter say when reality is another, in [Decision.Outside] and [Limiter.Explain].
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

// watch tells when reality has left an Envelope. It judges blocks of calls and
// not single windows, so that a burst or a probe is no alarm, and forgives three
// standard errors, so that chance is none.
type watch struct {
	expected Envelope

	n, slow         int // round trips of the block, and those above P99
	ended           int
	rejected        uint64 // in the block
	before          uint64 // ever, until the last window
	lowest, highest int    // limit in the block
	outside         string // what the last block showed
}

// watchBlock is how many round trips a block has: so many that 1 % of them is a
// number.
const watchBlock = 1000

// add takes in a window that ended with limit in force and rejected calls so far.
func (v *watch) add(w *Window, limit int, rejected uint64) (outside string) {
	if v.expected == (Envelope{}) {
		return ""
	}
	if v.n == 0 {
		v.lowest, v.highest = limit, limit
	}
	v.n += w.Latency.Count()
	if v.expected.P99 > 0 {
		v.slow += int(w.Latency.c.Above(uint64(v.expected.P99)))
	}
	v.ended += w.Completions
	v.rejected += rejected - v.before
	v.before = rejected
	v.lowest, v.highest = min(v.lowest, limit), max(v.highest, limit)
	if v.n >= watchBlock {
		v.outside = v.judge()
		v.n, v.slow, v.ended, v.rejected = 0, 0, 0, 0
	}
	return v.outside
}

func (v *watch) judge() string {
	e := v.expected
	var found []string
	if e.MinLimit > 0 && v.highest < e.MinLimit {
		found = append(found, fmt.Sprintf("the limit stays below %d", e.MinLimit))
	}
	if e.MaxLimit > 0 && v.lowest > e.MaxLimit {
		found = append(found, fmt.Sprintf("the limit stays above %d", e.MaxLimit))
	}
	if share := float64(v.slow) / float64(v.n); e.P99 > 0 && beyond(share, 0.01, v.n) {
		found = append(found, fmt.Sprintf("%.1f%% of the round trips exceed %v", 100*share, e.P99))
	}
	arrivals := v.ended + int(v.rejected)
	if share := float64(v.rejected) / float64(arrivals); e.Rejected > 0 && beyond(share, e.Rejected, arrivals) {
		found = append(found, fmt.Sprintf("%.1f%% are rejected, expected at most %.1f%%", 100*share, 100*e.Rejected))
	}
	return strings.Join(found, ", ")
}

// beyond reports whether a share of n is above expected by more than chance.
func beyond(share, expected float64, n int) bool {
	return share > expected+3*math.Sqrt(expected*(1-expected)/float64(n))
}
