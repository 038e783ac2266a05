package simulate

import (
	"context"
	"math"
)

// multiples of the right limit that the oracle chooses from. The best differs
// from scenario to scenario with how much slack pays; all the winners that the
// research bench found are among them.
var multiples = [...]float64{0.3, 0.5, 0.7, 0.85, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 5, 7, 10}

const (
	tailWeight  = 0.2  // of each of p50 and p99, against goodput
	freeLatency = 1.25 // times the oracle's that cost nothing
)

// benefit is what the oracle maximises.
func benefit(r *Result) float64 {
	if r.Goodput == 0 {
		return 0
	}
	return r.Goodput * math.Pow(r.Latency.P50, -tailWeight) * math.Pow(r.Latency.P99, -tailWeight)
}

// findOracle plays sc with every multiple and returns the best: a caller who
// knows the downstream's capacity at all times and, in hindsight, the best slack.
// It splits the limit evenly over the clients. Of equals the lowest is taken.
func findOracle(ctx context.Context, sc *Scenario, budget uint64) (*Result, error) {
	var results [len(multiples)]*Result
	var errs [len(multiples)]error
	parallel(len(multiples), func(i int) {
		results[i], errs[i] = playOracle(ctx, sc, multiples[i], budget)
	})
	var best *Result
	for i, res := range results {
		if errs[i] != nil {
			return nil, errs[i]
		}
		if best == nil || benefit(res) > benefit(best)*(1+1e-9) {
			best = res
		}
	}
	best.judge(sc, best)
	return best, nil
}

const oracleName = "oracle"

// playOracle plays sc with one multiple of the right limit.
func playOracle(ctx context.Context, sc *Scenario, multiple float64, budget uint64) (*Result, error) {
	r, err := newRun(sc, &guardKind{name: oracleName, repeatable: true, oracle: multiple})
	if err != nil {
		return nil, err
	}
	res, err := r.play(ctx, budget)
	if err != nil {
		return nil, err
	}
	res.Oracle = multiple
	return res, nil
}

// judge compares r with the oracle o of the same scenario and seed.
func (r *Result) judge(sc *Scenario, o *Result) {
	r.OfBest, r.Score = 1, 1
	if o.Goodput > 0 {
		r.OfBest = r.Goodput / o.Goodput
		r.Score = min(1, r.OfBest) * discount(o.Latency.P50, r.Latency.P50) * discount(o.Latency.P99, r.Latency.P99)
	}
	r.derive(sc, o)
	r.Changes = nil
	for i, at := range sc.Changes {
		until := sc.Duration
		if i+1 < len(sc.Changes) {
			until = sc.Changes[i+1]
		}
		r.Changes = append(r.Changes, r.converged(at.Seconds(), until.Seconds(), o))
	}
}

func discount(oracle, own float64) float64 {
	if own <= freeLatency*oracle {
		return 1
	}
	return math.Pow(freeLatency*oracle/own, tailWeight)
}

const (
	settledFor     = 3    // bins in a row
	settledGoodput = 0.85 // of the oracle's
	settledLatency = 1.5  // times the oracle's
)

func (r *Result) converged(at, until float64, o *Result) Convergence {
	c := Convergence{At: at}
	bin := r.Series.Bin
	run := 0
	for i := int(math.Ceil(at/bin - 1e-9)); i < len(r.Series.Goodput); i++ {
		if r.Series.Goodput[i] < settledGoodput*o.Series.Goodput[i] || r.Series.Mean[i] > settledLatency*o.Series.Mean[i] {
			run = 0
			continue
		}
		if run++; run == settledFor {
			if from := float64(i-settledFor+1) * bin; from < until {
				took := max(0, from-at)
				c.Took = &took
			}
			break
		}
	}
	return c
}
