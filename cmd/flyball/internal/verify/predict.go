package verify

import (
	"context"
	"fmt"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/cmd/flyball/load"
	"github.com/flyball-go/flyball/simulate"
)

// seeds is how many runs of the twin a prediction is the mean of: one is a draw, as
// the measurement is.
const seeds = 5

// predict plays the twin under the load that is measured: evenly spaced calls, the
// same guard, and the same start left out.
func (c *Check) predict(ctx context.Context, rate float64, warm time.Duration, guarded bool, most int) (p load.Predicted, err error) {
	sc := *c.Twin
	sc.Duration, sc.Timeout, sc.Seed = c.Length, c.Timeout, 1
	sc.Load = []simulate.Phase{{Arrivals: simulate.Constant, Rate: simulate.Rate{Value: rate}}}
	sc.Wait, sc.Retries, sc.Clients, sc.Changes, sc.Guards = simulate.Wait{}, simulate.Retries{}, simulate.Clients{}, nil, nil
	window, err := simulate.ParseAssertion(fmt.Sprintf("p99 <= 1h after %v", warm.Round(time.Millisecond)))
	if err != nil {
		return p, err
	}
	sc.Assert = []simulate.Assertion{window}
	// A plain client is one whose limit is what the generator allows.
	candidate := simulate.Candidate{Name: "plain", Limiter: adaptive.Config{Law: fmt.Sprintf("fixed:%d", most), Max: most}}
	on := &sc
	if guarded {
		candidate = simulate.Candidate{Name: "guarded", Limiter: c.Setting.Limiter, Breaker: c.Setting.Breaker}
		on = c.Setting.On(&sc)
	}
	for _, seed := range on.Seeds(seeds) {
		on.Seed = seed
		r, err := new(simulate.Runner).Play(ctx, on, candidate)
		if err != nil {
			return p, fmt.Errorf("the twin: %w", err)
		}
		w := r.Windows[0]
		from := int(w.From/r.Series.Bin + 0.5)
		offered := sum(r.Series.Offered[from:])
		p.Goodput += sum(r.Series.Goodput[from:]) / float64(len(r.Series.Goodput)-from) / seeds
		p.Rejected += sum(r.Series.Rejected[from:]) / max(offered, 1e-9) / seeds
		p.P50 += duration(w.Latency.P50 / seeds)
		p.P99 += duration(w.Latency.P99 / seeds)
	}
	return p, nil
}

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

func sum(values []float64) (total float64) {
	for _, v := range values {
		total += v
	}
	return total
}
