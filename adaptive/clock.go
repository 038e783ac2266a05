package adaptive

import "time"

// An Instant is a point in time, in nanoseconds since the start of a [Clock].
type Instant int64

// Sub returns i − j.
func (i Instant) Sub(j Instant) time.Duration { return time.Duration(i - j) }

// Add returns i + d.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d) }

// Seconds returns i in seconds since the start of its clock.
func (i Instant) Seconds() float64 { return time.Duration(i).Seconds() }

// A Clock tells the time. The zero Clock is the machine's: monotonic, started
// with the Limiter. A Clock holds no timers: patience belongs to the caller's
// context, or to whoever calls stop.
type Clock struct {
	// Now returns the present instant. It must be safe for concurrent use. One
	// that stands still or goes back does no harm: a round trip is never taken
	// as less than a nanosecond. nil means the machine's monotonic clock.
	Now func() Instant

	// Wall is the wall-clock time at Instant 0. Laws use it only to align what
	// independent clients do at the same moment. It is read when the Limiter is
	// made; nil Now ignores it.
	Wall time.Time
}

// started fills in a zero Clock. This file is the only place of the package that
// reads the machine's clock.
func (c Clock) started() (clk Clock, base time.Time) {
	if c.Now != nil {
		return c, time.Time{}
	}
	base = time.Now()
	return Clock{Wall: base.Round(0)}, base
}

// after is a timer for a caller who waits in a goroutine with a patience of his
// own; stop frees it.
func after(d time.Duration) (fired <-chan time.Time, stop func() bool) {
	t := time.NewTimer(d)
	return t.C, t.Stop
}

// sinceBase is cheaper than time.Now: it reads the monotonic clock alone.
func sinceBase(base time.Time) Instant { return Instant(time.Since(base)) }

// stopwatch tells the time since it was made.
func stopwatch() func() Instant {
	base := time.Now()
	return func() Instant { return sinceBase(base) }
}

// untilDeadline is how much time a caller has left.
func untilDeadline(t time.Time) time.Duration { return time.Until(t) }
