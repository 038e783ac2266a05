package adaptive

import (
	"fmt"
	"iter"
	"strings"
	"time"
)

// ring keeps the last decisions. Holding still for the same reason is one
// decision, so that the ring covers what happened and not how often nothing did.
type ring struct {
	kept  []Decision
	first int
}

const ringSize = 256

func (r *ring) add(d Decision) {
	if n := len(r.kept); n > 0 && d.From == d.To {
		if last := &r.kept[(r.first+n-1)%n]; last.From == last.To && last.Reason == d.Reason {
			*last = d
			return
		}
	}
	if len(r.kept) < ringSize {
		r.kept = append(r.kept, d)
		return
	}
	r.kept[r.first] = d
	r.first = (r.first + 1) % ringSize
}

func (r *ring) last() (d Decision, ok bool) {
	n := len(r.kept)
	if n == 0 {
		return Decision{}, false
	}
	return r.kept[(r.first+n-1)%n], true
}

// Decisions yields the last 256 decisions, oldest first. Holding the limit for
// the same reason again replaces the decision before.
func (l *Limiter) Decisions() iter.Seq[Decision] {
	return func(yield func(Decision) bool) {
		c := &l.control
		c.mu.Lock()
		r := &c.decisions
		kept := append(append([]Decision(nil), r.kept[r.first:]...), r.kept[:r.first]...)
		c.mu.Unlock()
		for _, d := range kept {
			if !yield(d) {
				return
			}
		}
	}
}

// Explain is why the limit is what it is, in a sentence: the last decision, and
// what overrides it.
func (l *Limiter) Explain() string {
	c := &l.control
	c.mu.Lock()
	last, _ := c.decisions.last()
	pin, hold, suspended := c.pin, c.hold, c.suspended
	c.mu.Unlock()
	s, held := last.String(), l.heldFor()
	switch {
	case l.closed.Load():
		s = "closed; last: " + s
	case suspended:
		s = "suspended by the guard in front; last: " + s
	case hold > 0:
		s = fmt.Sprintf("held at %d by the guard in front; last: %s", hold, s)
	case held > 0:
		s = fmt.Sprintf("held back for %v more, as the downstream asked; last: %s", roundTo3(held), s)
	case pin > 0:
		s = fmt.Sprintf("pinned at %d by SetLimit; last: %s", pin, s)
	}
	if name := l.config.Load().Name; name != "" {
		s = name + ": " + s
	}
	return s
}

// String is the decision as a sentence: what, why, on what evidence, and what
// would have decided otherwise.
func (d Decision) String() string {
	var b strings.Builder
	if d.From == d.To {
		fmt.Fprintf(&b, "%.3fs: limit stays %d", d.At.Seconds(), d.To)
	} else {
		fmt.Fprintf(&b, "%.3fs: limit %d → %d", d.At.Seconds(), d.From, d.To)
	}
	if d.Reason != "" {
		fmt.Fprintf(&b, ": %s", d.Reason)
		if d.Value != 0 || d.Bound != 0 {
			fmt.Fprintf(&b, " (%.3g against %.3g)", d.Value, d.Bound)
		}
	}
	fmt.Fprintf(&b, "; %d samples", d.Samples)
	if d.Median > 0 {
		fmt.Fprintf(&b, ", median %v", roundTo3(d.Median))
	}
	fmt.Fprintf(&b, ", up to %d in flight, %d blocked", d.PeakInFlight, d.Blocked)
	if d.Unless != "" {
		fmt.Fprintf(&b, "; %s", d.Unless)
	}
	if d.Outside != "" {
		fmt.Fprintf(&b, "; not as expected: %s", d.Outside)
	}
	return b.String()
}

// roundTo3 keeps about three digits of d.
func roundTo3(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}
