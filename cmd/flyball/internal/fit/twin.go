package fit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/flyball-go/flyball/cmd/flyball/internal/load"
	"github.com/flyball-go/flyball/simulate"
)

// A Twin is a downstream that answers as the target did.
type Twin struct {
	Downstream simulate.Downstream
	Errors     float64       // share of calls that fail at any rate, refusals not counted
	Timeout    time.Duration // of the callers
	Judged     []Judgement   // by rising rate
	Trained    []float64     // rates that the twin was made of

	capacity float64 // calls a second
}

// What a fit needs.
const (
	fewestRates = 5
	fewestCalls = 100 // at the rate that service times are from
	heldOut     = 3   // one rate of so many is held out
)

// Of makes the twin of a run. The error says what to measure if the run has too
// little.
//
// Service times are those of rates at which calls do not wait for each other; no
// curve is put through them, though all may be stretched by up to 5 %. Capacity is the
// most that came back beyond the knee, and servers are as many as keep busy with it
// (Little's law). What is left over of the service time by a whole number of servers
// is network.
func Of(ctx context.Context, r *load.Run) (*Twin, error) {
	if r.Loop != "open" {
		return nil, fmt.Errorf("is of a closed loop (%s): its callers waited for answers and so hid how long others would have waited; a fit would lie. Measure with flyball loadtest", r.Loop)
	}
	rates := byRate(r.Steps)
	if len(rates) < fewestRates {
		return nil, fmt.Errorf("is too short to fit: has %d rates that tell of the target, want %d or more; measure again with a lower --from or a smaller --factor", len(rates), fewestRates)
	}
	train, judge := split(rates)
	t := &Twin{Timeout: r.Plan.Timeout}
	for _, at := range train {
		t.Trained = append(t.Trained, at[0].Rate)
	}
	capacity := capacityOf(train)
	if capacity == 0 {
		return nil, errors.New("has no rate that was too much for the target, so how much it can do is not known; measure again with a higher --max-rate")
	}
	calm := calmOf(train, capacity)
	if len(calm) == 0 {
		return nil, fmt.Errorf("has no rate up to half of the %.4g calls/s that the target can do, so how long calls take without waiting is not known; measure again with a lower --from", capacity)
	}
	var sent, ok, refused uint64
	for _, s := range calm {
		sent, ok, refused = sent+s.Sent, ok+s.OK, refused+s.Refused
	}
	if ok < fewestCalls {
		return nil, fmt.Errorf("is too short to fit: service times are from %d calls, want %d or more; measure again with a longer --min-step and --max-step", ok, fewestCalls)
	}
	t.capacity = capacity
	t.serve(mixed(calm), capacity)
	t.bound(train)
	t.Errors = float64(sent-ok-refused) / float64(sent)
	for _, at := range judge {
		j, err := t.predict(ctx, at, r.Plan.InFlight)
		if err != nil {
			return nil, err
		}
		t.Judged = append(t.Judged, j)
	}
	if !slices.ContainsFunc(t.Judged, func(j Judgement) bool { return j.Below }) {
		return nil, fmt.Errorf("is too short to fit: no rate below the %.4g calls/s that the target can do is left to judge latency by; measure again with a lower --from or a smaller --factor", capacity)
	}
	return t, nil
}

// byRate leaves out what says nothing of the target, and puts steps of one rate
// together, by rising rate.
func byRate(steps []load.Step) [][]load.Step {
	var usable []load.Step
	for _, s := range steps {
		if !s.Cut && s.Why != load.GeneratorAtLimit && s.OK > 0 && len(s.Service.Points) > 0 && s.Rate > 0 && s.For > 0 {
			usable = append(usable, s)
		}
	}
	slices.SortStableFunc(usable, func(a, b load.Step) int { return cmp.Compare(a.Rate, b.Rate) })
	var rates [][]load.Step
	for _, s := range usable {
		if n := len(rates); n > 0 && rates[n-1][0].Rate == s.Rate {
			rates[n-1] = append(rates[n-1], s)
			continue
		}
		rates = append(rates, []load.Step{s})
	}
	return rates
}

// split holds out every third rate, but not the lowest two, not the only one that
// was too much, and not the highest, which shows best what becomes of too many.
func split(rates [][]load.Step) (train, judge [][]load.Step) {
	tooMuch := 0
	for _, at := range rates {
		if !passed(at) {
			tooMuch++
		}
	}
	for i, at := range rates {
		if i%heldOut == heldOut-1 && i < len(rates)-1 && (passed(at) || tooMuch > 1) {
			judge = append(judge, at)
			if !passed(at) {
				tooMuch--
			}
			continue
		}
		train = append(train, at)
	}
	return train, judge
}

// passed reports whether the target kept up with the rate each time.
func passed(at []load.Step) bool {
	return !slices.ContainsFunc(at, func(s load.Step) bool { return !s.Passed })
}

// capacityOf is the most that came back of more than the target could do; 0 if it
// was never given that much.
func capacityOf(train [][]load.Step) (most float64) {
	for _, at := range train {
		if passed(at) {
			continue
		}
		for _, s := range at {
			most = max(most, s.Goodput)
		}
	}
	return most
}

// calmOf are the steps at half the capacity or less, where calls do not wait.
func calmOf(train [][]load.Step, capacity float64) (calm []load.Step) {
	for _, at := range train {
		for _, s := range at {
			if s.Passed && s.Rate <= capacity/2 {
				calm = append(calm, s)
			}
		}
	}
	return calm
}

// mixed are the quantiles of the service times of all steps together.
func mixed(steps []load.Step) []time.Duration {
	type point struct {
		at     time.Duration
		weight float64 // calls
	}
	var all []point
	total := 0.0
	for _, s := range steps {
		for _, p := range s.Service.Points {
			w := float64(s.OK) / float64(len(s.Service.Points))
			all = append(all, point{p, w})
			total += w
		}
	}
	slices.SortFunc(all, func(a, b point) int { return cmp.Compare(a.at, b.at) })
	out := make([]time.Duration, len(steps[0].Service.Points))
	below, i := all[0].weight, 0
	for k := range out {
		for want := total * (float64(k) + 0.5) / float64(len(out)); below < want && i < len(all)-1; {
			i++
			below += all[i].weight
		}
		out[k] = all[i].at
	}
	return out
}

// serve sets servers, their service times and the network before them.
func (t *Twin) serve(points []time.Duration, capacity float64) {
	var sum time.Duration
	for _, p := range points {
		sum += p
	}
	mean := sum.Seconds() / float64(len(points))
	busy := capacity * mean
	// A number that is whole but for the noise is not to lose a server: then calls
	// take a little longer instead, so that capacity is what it was.
	servers := max(1, int(1.05*busy))
	network := time.Duration(max(0, mean-float64(servers)/capacity) * float64(time.Second)).Round(time.Microsecond)
	network = max(0, min(network, points[0]-1))
	scale := max(1, float64(servers)/busy)
	sum = 0
	for i := range points {
		points[i] = max(time.Duration(scale*float64(points[i]-network)).Round(time.Microsecond), time.Microsecond)
		sum += points[i]
	}
	t.Downstream = simulate.Downstream{
		Servers: []simulate.Step{{Servers: servers}},
		Service: simulate.Distribution{Kind: simulate.Empirical, Mean: sum / time.Duration(len(points)), Values: points},
		Queue:   -1,
		Network: network,
	}
}

// bound sets the places of the queue, if calls were refused for want of one.
func (t *Twin) bound(train [][]load.Step) {
	most := math.MaxInt
	for _, at := range train {
		for _, s := range at {
			if s.Refused*100 > s.Sent {
				most = min(most, s.Most)
			}
		}
	}
	if most < math.MaxInt {
		t.Downstream.Queue = max(0, most-t.Downstream.Servers[0].Servers)
	}
}
