package breaker

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// faults collects what is wrong with a Config.
type faults []error

func (f *faults) add(format string, args ...any) {
	*f = append(*f, fmt.Errorf("breaker: config: "+format, args...))
}

// Validate returns all faults of c, joined, or nil.
func (c Config) Validate() error {
	var f faults
	d := c.WithDefaults()
	f.time("Silence", c.Silence, fmt.Sprintf("0 for %v, −1 for never", defaultSilence), true)
	f.number("MinCalls", c.MinCalls, fmt.Sprintf("0 for %d", defaultMinCalls), false)
	f.share("Rate", c.Rate, fmt.Sprintf("0 for %v, −1 for never", defaultRate), true)
	f.number("MinVolume", c.MinVolume, fmt.Sprintf("0 for %d", defaultMinVolume), false)
	if c.Window != 0 && (c.Window < minWindow || c.Window > longest) {
		f.add("Window is %v, must be at least %v and at most %v, or 0 for %v", c.Window, minWindow, longest, defaultWindow)
	}
	f.share("SlowRate", c.SlowRate, "0 for never", true)
	f.time("SlowAfter", c.SlowAfter, fmt.Sprintf("0 for %d times the usual median", slowTimes), false)
	f.number("Consecutive", c.Consecutive, "0 for never", true)
	f.number("AtFloor", c.AtFloor, fmt.Sprintf("0 for %d, −1 for never", defaultAtFloor), true)
	f.share("ProbeShare", c.ProbeShare, fmt.Sprintf("0 for %v", defaultShare), false)
	f.time("ProbeWithin", c.ProbeWithin, fmt.Sprintf("0 for %d times the usual 99th percentile and as long as it was open", usuals), false)
	f.time("Open.Base", c.Open.Base, fmt.Sprintf("0 for %v", defaultBase), false)
	if x := c.Open.Factor; x != 0 && !(x >= 1 && x <= math.MaxFloat32) {
		f.add("Open.Factor is %v, must be a number of at least 1, or 0 for %v", x, defaultFactor)
	}
	f.time("Open.Max", c.Open.Max, fmt.Sprintf("0 for %v or Open.Base", defaultMax), false)
	f.share("Open.Jitter", c.Open.Jitter, fmt.Sprintf("0 for %v, −1 for none", defaultJitter), true)
	if c.Open.Base > 0 && c.Open.Max > 0 && c.Open.Base > c.Open.Max {
		f.add("Open.Base is %v, above Open.Max %v", c.Open.Base, c.Open.Max)
	}
	if c.SlowAfter > 0 && d.SlowRate < 0 {
		f.add("SlowAfter is %v but SlowRate is never, so that no share of slow calls can trip; set SlowRate, or leave SlowAfter 0", c.SlowAfter)
	}
	if d.Silence < 0 && d.Rate < 0 && d.SlowRate < 0 && d.Consecutive < 0 && d.AtFloor < 0 {
		f.add("Silence, Rate, SlowRate, Consecutive and AtFloor are all never, so that nothing can trip; leave one on")
	}
	return errors.Join(f...)
}

// time checks a duration for which 0 stands for something.
func (f *faults) time(name string, d time.Duration, zero string, off bool) {
	switch {
	case d == never && off:
	case d < 0 || d > longest:
		f.add("%s is %v, must be positive and at most %v, or %s", name, d, longest, zero)
	}
}

func (f *faults) number(name string, n int, zero string, off bool) {
	switch {
	case n == never && off:
	case n < 0 || n > math.MaxInt32:
		f.add("%s is %d, must be 1 to %d, or %s", name, n, math.MaxInt32, zero)
	}
}

func (f *faults) share(name string, x float64, zero string, off bool) {
	switch {
	case x == never && off:
	case !(x >= 0 && x <= 1):
		f.add("%s is %v, must be above 0 and up to 1, or %s", name, x, zero)
	}
}

// validateFor returns the rules of c that can never fire in front of lim.
func (c Config) validateFor(lim adaptive.Config) error {
	var f faults
	fixed := strings.HasPrefix(lim.Law, "fixed")
	switch {
	case c.AtFloor <= 0:
	case lim.Min == lim.Max:
		f.add("AtFloor is %d but can never fire: the limit cannot fall, its Min %d is its Max; leave AtFloor 0", c.AtFloor, lim.Min)
	case fixed && lim.Initial > lim.Min:
		f.add("AtFloor is %d but can never fire: the law %s keeps the limit at %d, above its Min %d; leave AtFloor 0", c.AtFloor, lim.Law, lim.Initial, lim.Min)
	}
	return errors.Join(f...)
}

// ValidateAt returns the rules of c that can never fire at so many calls per
// second, with the arithmetic: what a test of your settings would call with the
// quietest traffic that they are meant for. It expects a valid c.
func (c Config) ValidateAt(callsPerSecond float64) error {
	var f faults
	if !(callsPerSecond > 0) || math.IsInf(callsPerSecond, 1) {
		f.add("traffic is %v calls per second, must be a positive number", callsPerSecond)
		return errors.Join(f...)
	}
	d := c.WithDefaults()
	results := callsPerSecond * d.Window.Seconds()
	if volume := float64(d.MinVolume); results < volume {
		for _, rule := range []struct {
			name  string
			share float64
		}{{"Rate", d.Rate}, {"SlowRate", d.SlowRate}} {
			if rule.share > 0 {
				f.add("%s can never fire at %g calls per second: %v of them are %.3g results, MinVolume is %d; a MinVolume of %d or a Window of %v would do",
					rule.name, callsPerSecond, d.Window, results, d.MinVolume, max(1, int(results)), time.Duration(math.Ceil(volume/callsPerSecond))*time.Second)
			}
		}
	}
	return errors.Join(f...)
}
