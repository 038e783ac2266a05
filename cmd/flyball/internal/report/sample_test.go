package report_test

import (
	"math"
	"time"

	"github.com/flyball-go/flyball/simulate"
)

// sample is a report with all that a table can show: a guard without a limit, one
// that is not repeatable, failures, a latency over orders of magnitude.
func sample() (*simulate.Report, *simulate.Scenario) {
	sc := &simulate.Scenario{
		Name: "brownout", Timeout: 2 * time.Second,
		Load: []simulate.Phase{{Arrivals: simulate.Poisson, Rate: simulate.Rate{Value: 480}}},
	}
	run := func(guard string, score, goodput float64, p50, p99 float64, limit *simulate.Level) *simulate.Result {
		const offered = 86_400
		served := uint64(goodput * 180)
		res := &simulate.Result{
			Guard: guard, Seed: 1, Repeatable: true, Score: score, Goodput: goodput, OfBest: goodput / 365,
			Offered: offered, Served: served, Late: 400, Rejected: offered - served - 400,
			Latency: simulate.Quantiles{Count: served, P50: p50, P99: p99},
			Limit:   limit, Events: 1_234_567,
			Changes: []simulate.Convergence{{At: 60}, {At: 90}},
		}
		s := &res.Series
		s.Bin = 180.0 / simulate.Bins
		for i := range simulate.Bins {
			slow := 1.0
			if i >= 80 && i < 120 {
				slow = 5
			}
			s.Goodput = append(s.Goodput, goodput)
			s.P50 = append(s.P50, p50*slow)
			s.P99 = append(s.P99, p99*slow)
			if limit != nil {
				s.Limit = append(s.Limit, limit.Mean+(limit.Max-limit.Mean)*math.Sin(float64(i)/8))
			}
		}
		return res
	}
	none := run("none", 0.029, 11.2, 2, 2, nil)
	none.Rejected, none.Late = 0, none.Offered-none.Served
	foreign := run("corelimit/vegas", 0.292, 107, 0.052, 0.239, &simulate.Level{Min: 1, Max: 31, Mean: 6.4, Mode: 5})
	foreign.Repeatable = false
	oracle := run("oracle", 1, 365, 0.0592, 0.287, &simulate.Level{Min: 25, Max: 25, Mean: 25, Mode: 25})
	oracle.Oracle = 1.25
	return &simulate.Report{
		Scenario: "brownout", Description: "20 servers at 50 ms, loaded 1.2 times; every call takes five times as long from 60 s to 90 s.",
		Seeds: []uint64{1}, Duration: 180, Right: 20,
		Results: []*simulate.Result{
			none,
			run("fixed:0.5x", 0.527, 193, 0.035, 0.231, &simulate.Level{Min: 10, Max: 10, Mean: 10, Mode: 10}),
			run("fixed:1x", 0.919, 336, 0.0473, 0.248, &simulate.Level{Min: 20, Max: 20, Mean: 20, Mode: 20}),
			run("aimd", 0.591, 361, 0.31, 1.234, &simulate.Level{Min: 6, Max: 214, Mean: 98.7, Mode: 99}),
			run("vegas", 0.967, 357, 0.0581, 0.31, &simulate.Level{Min: 6, Max: 38, Mean: 23.4, Mode: 24}),
			foreign, oracle,
		},
	}, sc
}
