package tune

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/flyball-go/flyball/simulate"
)

// cell is what one run was like: a setting, a scenario, a change, a seed.
type cell struct {
	Value    float64 `json:"value"` // of the objective's metric
	Worth    float64 `json:"worth"` // of the run, by the objective
	Near     float64 `json:"near"`  // how many times the nearest bound it is
	Goodput  float64 `json:"goodput"`
	P99      float64 `json:"p99"` // of latency, seconds
	RTT      float64 `json:"rtt"` // p99 of round trips, seconds
	Rejected float64 `json:"rejected"`
	Low      float64 `json:"low"` // limit of one client, from a tenth of the run on
	High     float64 `json:"high"`
	Calls    uint64  `json:"calls"`
	Events   uint64  `json:"events"`
}

// spot is where a cell is, for one setting.
type spot struct {
	scenario, change int
	seed             uint64
}

// world is a scenario under a change, with the objective's bounds in place of
// what it claims itself.
type world struct {
	sc   *simulate.Scenario
	hash string
}

func newWorld(sc *simulate.Scenario, o *Objective) (*world, error) {
	claims, err := o.on(sc)
	if err != nil {
		return nil, err
	}
	c := *sc
	c.Assert, c.Guards, c.Seed = claims, nil, 1
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &world{&c, c.Hash()[:16]}, nil
}

// settling is the share of a run in which a limit is still on its way.
const settling = 0.1

// play runs setting s in w.
func (w *world) play(ctx context.Context, r *simulate.Runner, o *Objective, s *Setting, seed uint64) (cell, error) {
	sc := s.On(w.sc)
	sc.Seed = seed
	res, err := r.Play(ctx, sc, simulate.Candidate{Name: "candidate", Limiter: s.Limiter, Breaker: s.Breaker})
	if err != nil {
		return cell{}, fmt.Errorf("seed %d: %w", seed, err)
	}
	c := cell{
		Goodput: res.Goodput, P99: res.Latency.P99, RTT: res.RTT.P99,
		Rejected: float64(res.Rejected) / math.Max(1, float64(res.Offered)),
		Calls:    res.Offered, Events: res.Events,
	}
	if c.Value, c.Worth, c.Near, err = o.judge(sc, res); err != nil {
		return cell{}, err
	}
	if limits := res.Series.Limit; len(limits) > 0 {
		settled := limits[int(settling*float64(len(limits))):]
		clients := float64(max(1, sc.Clients.Count))
		c.Low, c.High = slices.Min(settled)/clients, slices.Max(settled)/clients
	}
	return c, nil
}
