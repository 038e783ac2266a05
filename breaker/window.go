package breaker

import (
	"math"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

const slices = 10

// window counts results of the recent past, by slices of time. It is a ring under
// Breaker.mu. Successes that nobody was told of come in bulk: see gather.
type window struct {
	length int64 // of a slice, ns
	slices [slices]slice
	last   *slice // in which results were last counted
	bulk   uint64 // of the successes that were only counted, so many are in slices
}

type slice struct {
	number          int64 // since instant 0
	good, bad, slow uint64
	limit           int // when the slice began
}

func newWindow(d time.Duration) *window {
	w := &window{length: int64(d) / slices}
	for i := range w.slices {
		w.slices[i].number = math.MinInt64 // long ago
	}
	w.last = &w.slices[0]
	return w
}

func (w *window) number(at adaptive.Instant) int64 {
	n := int64(at) / w.length
	if int64(at) < n*w.length {
		n--
	}
	return n
}

// at is the slice of instant at, and whether it is new.
func (w *window) at(at adaptive.Instant) (s *slice, begins bool) {
	n := w.number(at)
	s = &w.slices[(n%slices+slices)%slices]
	if s.number != n {
		*s, begins = slice{number: n}, true
	}
	w.last = s
	return s, begins
}

// gather takes over successes of which so many were ever counted elsewhere. They
// are of the last slice, as one that comes first in a new slice is always told.
func (w *window) gather(counted uint64) {
	w.last.good += counted - w.bulk
	w.bulk = counted
}

// ends is when the slice after the last one begins.
func (w *window) ends() adaptive.Instant { return adaptive.Instant((w.last.number + 1) * w.length) }

// counts returns the results that still count at instant now.
func (w *window) counts(now adaptive.Instant) (good, bad, slow uint64) {
	number := w.number(now)
	for i := range w.slices {
		if s := &w.slices[i]; s.counts(number) {
			good, bad, slow = good+s.good, bad+s.bad, slow+s.slow
		}
	}
	return good, bad, slow
}

// highest returns the highest limit noted in the window.
func (w *window) highest(now adaptive.Instant) (limit int) {
	number := w.number(now)
	for i := range w.slices {
		if s := &w.slices[i]; s.counts(number) {
			limit = max(limit, s.limit)
		}
	}
	return limit
}

// counts reports whether s still counts in the slice of that number.
func (s *slice) counts(number int64) bool { return s.number > number-slices }
