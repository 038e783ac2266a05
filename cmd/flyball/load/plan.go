package load

import (
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// A Plan is what a run may do.
type Plan struct {
	From     float64       `json:"from"`     // first rate, calls a second
	MaxRate  float64       `json:"maxRate"`  // no rate is above it
	Factor   float64       `json:"factor"`   // from rate to rate, over 1
	Min      time.Duration `json:"min"`      // a rate is held at least so long
	Max      time.Duration `json:"max"`      // and at most so long
	MaxTime  time.Duration `json:"maxTime"`  // of the run
	InFlight int           `json:"inFlight"` // most calls at a time, and connections
	Timeout  time.Duration `json:"timeout"`  // of a call
	GiveUp   int           `json:"giveUp"`   // failures in a row after which the target counts as dead

	Errors float64 `json:"errors"` // share of errors that is too much
	Ratio  float64 `json:"ratio"`  // p99 of response times beside the first step's that is too much
	Within float64 `json:"within"` // the knee is looked for until it is known to this share

	Recover bool `json:"recover,omitempty"` // see whether the target is well again after twice the knee
}

// DefaultPlan is the plan of the command: from 10 to 1,000 calls a second, in five minutes
// at the most.
func DefaultPlan() Plan {
	return Plan{
		From: 10, MaxRate: 1000, Factor: 1.5, Min: 2 * time.Second, Max: 10 * time.Second, MaxTime: 5 * time.Minute,
		InFlight: 256, Timeout: 10 * time.Second, GiveUp: 100, Errors: 0.01, Ratio: 3, Within: 0.05,
	}
}

// Validate returns all faults of p, joined, each by the flag of the command.
func (p *Plan) Validate() error {
	var errs []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	number := func(v, low, high float64) bool { return v >= low && v <= high } // false for NaN
	want(number(p.MaxRate, 1, MostRate), "--max-rate is %v, want 1 to %v", p.MaxRate, MostRate)
	want(number(p.From, 0.1, math.Max(p.MaxRate, 0.1)), "--from is %v, want 0.1 to --max-rate, which is %v", p.From, p.MaxRate)
	want(number(p.Factor, 1.05, 10), "--factor is %v, want 1.05 to 10", p.Factor)
	want(p.Min >= 10*time.Millisecond, "--min-step is %v, want 10ms or more", p.Min)
	want(p.Max >= p.Min, "--max-step is %v, want --min-step, which is %v, or more", p.Max, p.Min)
	want(p.MaxTime >= p.Max && p.MaxTime <= MostTime, "--max-time is %v, want --max-step, which is %v, to %v", p.MaxTime, p.Max, MostTime)
	want(p.InFlight >= 1 && p.InFlight <= MostInFlight, "--connections is %d, want 1 to %d", p.InFlight, MostInFlight)
	want(p.Timeout > 0 && p.Timeout <= time.Minute, "--timeout is %v, want up to 1m", p.Timeout)
	want(p.GiveUp >= 1, "--give-up is %d, want 1 or more", p.GiveUp)
	want(number(p.Errors, 0, 1), "--errors is %v, want 0 to 1", p.Errors)
	want(number(p.Ratio, 1.1, 1000), "--ratio is %v, want 1.1 to 1000", p.Ratio)
	want(number(p.Within, 0.01, 1), "--within is %v, want 0.01 to 1", p.Within)
	return errors.Join(errs...)
}

// Rates are those that are tried in turn until one is too much.
func (p *Plan) Rates() []float64 {
	var rates []float64
	for r := p.From; r < p.MaxRate; r *= p.Factor {
		rates = append(rates, r)
	}
	return append(rates, p.MaxRate)
}

// Steps is about how many steps a run may have.
func (p *Plan) Steps() int {
	steps := len(p.Rates()) + int(math.Ceil(math.Log2(math.Log(p.Factor)/math.Log1p(p.Within)))) + 1
	if p.Recover {
		steps += RecoverySteps
	}
	return steps
}

// Write tells a person what the run would do.
func (p *Plan) Write(w io.Writer) {
	rates := p.Rates()
	fmt.Fprintf(w, "rates    %.4g to %.4g calls/s in up to %d steps of × %g, each %v to %v\n", rates[0], rates[len(rates)-1], len(rates), p.Factor, p.Min, p.Max)
	fmt.Fprintf(w, "at most  %d calls in flight, %v each, %v in all\n", p.InFlight, p.Timeout, p.MaxTime)
	fmt.Fprintf(w, "too much errors over %.3g %%, p99 over %g × that of the first step, throughput that does not follow the rate\n", 100*p.Errors, p.Ratio)
	if p.Recover {
		fmt.Fprintf(w, "then     %g × the knee for %v, and %g × the knee until it is well again, for %v at most\n", float64(overKnee), p.Min, float64(underKnee), 3*p.Max)
	}
	fmt.Fprintf(w, "gives up after %d failures in a row\n", p.GiveUp)
}
