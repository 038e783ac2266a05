package fit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/flyball-go/flyball/cmd/flyball/load"
	"github.com/flyball-go/flyball/simulate"
)

// A Twin is a downstream that answers as the target did.
type Twin struct {
	Downstream simulate.Downstream
	Errors     float64       // share of calls that fail at any rate, of kinds that do not come with load
	Timeout    time.Duration // of the callers

	Capacity float64     // calls a second
	Failures []Failure   // kinds of errors
	Sheds    int         // calls in flight beyond which others are refused; 0 means never
	Noise    float64     // of p99 from rate to rate, as a share: see noiseOf
	Services []Family    // how well kinds of distribution fit the service times
	Scaling  Scaling     // of throughput by concurrency
	Law      bool        // there were steps enough for Scaling
	Model    string      // the one of Models that the downstream is
	Models   []Model     // what was tried
	Judged   []Judgement // by rising rate
	MadeOf   string      // what the twin was made of, in words
	Traced   bool        // it is of a trace

	noise [3]float64 // of goodput, p50 and p99
}

// What a fit needs.
const (
	fewestRates = 5
	fewestCalls = 100 // at the rates that service times are from
)

// Of makes the twin of a run, with service times of a kind of Families. The error
// says what to measure if the run has too little.
//
// Service times are those of rates at which calls do not wait for each other.
// Capacity is the most that came back beyond the knee. How calls share it is what
// predicts the steps best, see Model.
func Of(ctx context.Context, r *load.Run, service simulate.DistributionKind) (*Twin, error) {
	if r.Loop != "open" {
		return nil, fmt.Errorf("is of a closed loop (%s): its callers waited for answers and so hid how long others would have waited; a fit would lie. Measure with flyball loadtest", r.Loop)
	}
	rates := byRate(r.Steps)
	if n := len(rates); n < fewestRates {
		return nil, fmt.Errorf("is too short to fit: has %d rates that tell of the target, want %d or more; measure again with a lower --from or a smaller --factor", n, fewestRates)
	}
	train, judge := split(rates)
	t := &Twin{Timeout: r.Plan.Timeout}
	t.MadeOf = "the steps at"
	for _, at := range train {
		t.MadeOf += fmt.Sprintf(" %.4g", at[0].Rate)
	}
	t.MadeOf += " calls/s"
	if t.Capacity = capacityOf(train); t.Capacity == 0 {
		return nil, errors.New("has no rate that was too much for the target, so how much it can do is not known; measure again with a higher --max-rate")
	}
	calm := calmOf(train, t.Capacity)
	if len(calm) == 0 {
		return nil, fmt.Errorf("has no rate up to half of the %.3g calls/s that the target can do, so how long calls take without waiting is not known; measure again with a lower --from", t.Capacity)
	}
	t.Failures = failuresOf(rates, t.Capacity)
	var sent, ok, shed uint64
	for i := range calm {
		sent, ok, shed = sent+calm[i].Sent, ok+calm[i].OK, shed+t.shed(&calm[i])
	}
	if ok < fewestCalls {
		return nil, fmt.Errorf("is too short to fit: service times are from %d calls, %d less than the %d that it takes; measure again with a longer --min-step and --max-step", ok, fewestCalls-ok, fewestCalls)
	}
	t.Errors = float64(sent-ok-shed) / float64(sent)
	t.Scaling, t.Law = scalingOf(train)
	t.noise = noiseOf(rates, t)
	t.Noise = math.Expm1(t.noise[2])
	if err := t.choose(ctx, t.models(calm, r.Plan.InFlight, service), calm, train, r.Plan.InFlight); err != nil {
		return nil, err
	}
	for _, at := range judge {
		j, err := t.judge(ctx, at, r.Plan.InFlight, careful)
		if err != nil {
			return nil, err
		}
		t.Judged = append(t.Judged, j)
	}
	if !slices.ContainsFunc(t.Judged, func(j Judgement) bool { return j.Below }) {
		return nil, fmt.Errorf("is too short to fit: no rate below the %.3g calls/s that the target can do is left to judge latency by; measure again with a lower --from or a smaller --factor", t.Capacity)
	}
	return t, nil
}

// Scenario is the twin under a load of 1.2 times what it can do.
func (t *Twin) Scenario() *simulate.Scenario {
	sc := &simulate.Scenario{
		Name: "twin", Duration: time.Minute, Timeout: t.Timeout, Downstream: t.Downstream,
		Load: []simulate.Phase{{Arrivals: simulate.Poisson, Rate: simulate.Rate{Value: 1.2, OfCapacity: true}}},
	}
	if t.Errors > 0 {
		sc.Faults = []simulate.Fault{{Kind: simulate.Errors, Value: t.Errors}}
	}
	return sc
}
