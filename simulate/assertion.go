package simulate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flyball-go/flyball/internal/strict"
)

// An Assertion is a claim about the runs of a scenario, such as
//
//	p99 <= 300ms after 60s
//	vegas, aimd: goodput >= 0.9 of oracle
//	recovers within 20s of fault.end for 19 of 20 seeds
//
// docs/metrics.md has the grammar and what can be claimed. Use [ParseAssertion];
// the zero Assertion claims nothing and is a fault of a scenario.
type Assertion struct {
	text      string
	guards    []string // it is about; none means all under test
	metric    *metric
	low, high float64   // bounds, infinite where there is none
	ofOracle  bool      // bounds are multiples of what the oracle has
	window    *stretch  // nil is the whole run
	since     instant   // of recovery
	seeds     *majority // nil means that it must hold for all that ran
}

// String returns the assertion as it was written.
func (a Assertion) String() string { return a.text }

// MarshalText returns the assertion as it was written.
func (a Assertion) MarshalText() ([]byte, error) { return []byte(a.text), nil }

// UnmarshalText is [ParseAssertion].
func (a *Assertion) UnmarshalText(text []byte) (err error) {
	*a, err = ParseAssertion(string(text))
	return err
}

// Names returns the guards that the assertion names; none means that it is about
// every guard under test.
func (a Assertion) Names() []string { return slices.Clone(a.guards) }

// Seeds returns how many seeds the assertion needs.
func (a Assertion) Seeds() int {
	if a.seeds == nil {
		return 1
	}
	return a.seeds.of
}

// claim is the assertion without guards.
func (a *Assertion) claim() string {
	if len(a.guards) == 0 {
		return a.text
	}
	_, claim, _ := strings.Cut(a.text, guardsEnd)
	return strings.TrimSpace(claim)
}

// about reports whether the assertion is about a guard. The oracle is but a
// yardstick unless it is named.
func (a *Assertion) about(guard string) bool {
	if len(a.guards) == 0 {
		return guard != oracleName
	}
	return slices.Contains(a.guards, guard)
}

// majority is in how many of the first seeds a claim must hold.
type majority struct{ need, of int }

// instant is a moment of a run: a time from the start, or when a fault begins or
// ends for the first time.
type instant struct {
	at    time.Duration
	edge  string // "start" or "end" of a fault; "" means at
	fault int    // index; −1 means the only one
}

func (i instant) of(s *Scenario) (time.Duration, error) {
	if i.edge == "" {
		return i.at, nil
	}
	n, k := len(s.Faults), i.fault
	switch {
	case n == 0:
		return 0, fmt.Errorf("speaks of a fault, but there are no faults")
	case k < 0 && n > 1:
		return 0, fmt.Errorf("speaks of the fault, but there are %d, must be one of fault[0] to fault[%d]", n, n-1)
	case k >= n:
		return 0, fmt.Errorf("speaks of fault[%d], but the last is fault[%d]", k, n-1)
	}
	f := &s.Faults[max(0, k)]
	if i.edge == "start" {
		return f.At, nil
	}
	end, ok := f.ends()
	if !ok {
		return 0, fmt.Errorf("speaks of the end of fault[%d], but it lasts to the end of the run", max(0, k))
	}
	return end, nil
}

// ends is when f ends for the first time, if ever.
func (f *Fault) ends() (time.Duration, bool) { return f.At + f.For, f.For > 0 }

// stretch is from one instant to another, or to the end if to is nil.
type stretch struct {
	from instant
	to   *instant
}

// span is the bins of a window. It is an error if there are none, or if the
// window does not lie within the run.
func (w *stretch) span(s *Scenario) (span, error) {
	from, err := w.from.of(s)
	if err != nil {
		return span{}, err
	}
	to := s.Duration
	if w.to != nil {
		if to, err = w.to.of(s); err != nil {
			return span{}, err
		}
	}
	switch {
	case from < 0 || from >= s.Duration:
		return span{}, fmt.Errorf("begins at %v, must be within the duration of %v", from, s.Duration)
	case to <= from:
		return span{}, fmt.Errorf("ends at %v, must be after it begins at %v", to, from)
	case to > s.Duration:
		return span{}, fmt.Errorf("ends at %v, must be within the duration of %v", to, s.Duration)
	}
	out := s.spanOf(from, to)
	if out.len() < 2 {
		return span{}, fmt.Errorf("has fewer than two whole bins of time, must be longer: a bin is %v, the %dth of the duration", s.Duration/Bins, Bins)
	}
	return out, nil
}

// checkAssert finds assertions that say nothing about this scenario.
func (s *Scenario) checkAssert(c *checker) {
	under := s.Guards
	if len(under) == 0 {
		under = DefaultGuards()
	}
	for i := range s.Assert {
		a := &s.Assert[i]
		path := fmt.Sprintf("assert[%d]", i)
		if a.metric == nil {
			c.must(false, path, "is empty, must be a claim such as p99 <= 300ms")
			continue
		}
		for _, g := range a.guards {
			c.must(g == oracleName || slices.Contains(under, g), path, "%q: guard %s is not under test, must be %s", a.text, g, strict.OneOf(under))
		}
		c.must(a.metric.name != "fairness" || s.Clients.Count > 1, path, "%q: fairness needs two clients or more", a.text)
		switch {
		case s.Duration <= 0: // a fault of its own
		case a.metric == &recovery:
			at, err := a.since.of(s)
			if err == nil && at >= s.Duration {
				err = fmt.Errorf("counts from %v, must be within the duration of %v", at, s.Duration)
			}
			c.must(err == nil, path, "%q: %v", a.text, err)
		case a.window != nil:
			_, err := a.window.span(s)
			c.must(err == nil, path, "%q: window %v", a.text, err)
		}
	}
}
