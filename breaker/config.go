package breaker

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Config is what can be tuned of a Breaker: plain data, comparable and
// printable. The zero Config works.
type Config struct {
	Rate         float64       // share of failures that trips, above 0 and up to 1; 0 means 0.5
	MinVolume    int           // fewest results in the window to judge by; 0 means 20
	Window       time.Duration // how far back results count, in steps of a tenth; 0 means 10 s
	Open         Backoff       // how long it stays open before it probes
	ProbeTimeout time.Duration // a probe that has not reported by then has failed; 0 means Open's time in force
}

// Backoff is a time that grows from one failed recovery to the next.
type Backoff struct {
	Base   time.Duration // first; 0 means 5 s
	Factor float64       // each next is so many times longer, at least 1; 0 means 2
	Max    time.Duration // longest, also for a Retry-After; 0 means 1 min, or Base if that is longer
}

// The rate, volume, window and first open time are those of Hystrix, which most
// services have been run with.
const (
	defaultRate      = 0.5
	defaultMinVolume = 20
	defaultWindow    = 10 * time.Second
	defaultBase      = 5 * time.Second
	defaultFactor    = 2
	defaultMax       = time.Minute

	minWindow = time.Millisecond // so that a tenth is well above what clocks resolve
	longest   = 720 * time.Hour  // of Max, so that instants do not overflow
)

// WithDefaults returns c with each zero field replaced by what it stands for.
// ProbeTimeout stays 0.
func (c Config) WithDefaults() Config {
	if c.Rate == 0 {
		c.Rate = defaultRate
	}
	if c.MinVolume == 0 {
		c.MinVolume = defaultMinVolume
	}
	if c.Window == 0 {
		c.Window = defaultWindow
	}
	if c.Open.Base == 0 {
		c.Open.Base = defaultBase
	}
	if c.Open.Factor == 0 {
		c.Open.Factor = defaultFactor
	}
	if c.Open.Max == 0 {
		c.Open.Max = max(defaultMax, c.Open.Base)
	}
	return c
}

// Validate returns all faults of c, joined, or nil.
func (c Config) Validate() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("breaker: config: "+format, args...))
	}
	if !(c.Rate >= 0 && c.Rate <= 1) {
		fault("Rate is %v, must be above 0 and up to 1, or 0 for %v", c.Rate, defaultRate)
	}
	if c.MinVolume < 0 {
		fault("MinVolume is %d, must be at least 1, or 0 for %d", c.MinVolume, defaultMinVolume)
	}
	if c.Window != 0 && c.Window < minWindow {
		fault("Window is %v, must be at least %v, or 0 for %v", c.Window, minWindow, defaultWindow)
	}
	if c.Open.Base < 0 {
		fault("Open.Base is %v, must be positive, or 0 for %v", c.Open.Base, defaultBase)
	}
	if f := c.Open.Factor; f != 0 && !(f >= 1 && f <= math.MaxFloat32) {
		fault("Open.Factor is %v, must be a number of at least 1, or 0 for %v", f, defaultFactor)
	}
	switch d := c.WithDefaults().Open; {
	case c.Open.Max < 0:
		fault("Open.Max is %v, must be positive, or 0 for %v", c.Open.Max, defaultMax)
	case d.Max > longest:
		fault("Open.Max is %v, must be at most %v", d.Max, longest)
	case d.Base > d.Max:
		fault("Open.Base is %v, above Open.Max %v", d.Base, d.Max)
	}
	if c.ProbeTimeout < 0 {
		fault("ProbeTimeout is %v, must not be negative; 0 means as long as it was open", c.ProbeTimeout)
	}
	return errors.Join(faults...)
}

// next is the open time after one of d.
func (b Backoff) next(d time.Duration) time.Duration {
	return time.Duration(min(float64(d)*b.Factor, float64(b.Max)))
}
