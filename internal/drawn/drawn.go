// Package drawn makes scenarios that nobody chose. A law that does well on a
// catalogue may have been fitted to it; on these it has to do well for its own
// reasons.
package drawn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/flyball-go/flyball/simulate"
)

const (
	calls    = 400_000 // offered in a run, about
	quickest = 50e-6   // least base latency, in seconds
	slowest  = 30.0    // most
	most     = 2000    // servers
)

// Scenario returns scenario i of a seed: servers from 1 to 2000 and base latencies
// from 50 µs to 30 s, both as likely in each octave; loads of 0.4 to 2 times the
// capacity; and one of six things that happen.
func Scenario(seed uint64, i int) *simulate.Scenario {
	d := draw{rand.New(rand.NewPCG(seed, uint64(i)))}
	c := int(math.Round(math.Exp(d.within(0, math.Log(most)))))
	base := math.Exp(d.within(math.Log(quickest), math.Log(slowest)))
	service, name := d.service(base)
	load := d.within(0.4, 2)
	network := 0.0
	if d.Float64() < 0.3 {
		network = d.within(0, 3) * base
	}
	rate := load * float64(c) / base
	length := calls / rate
	length = min(max(length, 250*base), 12*base*calls/float64(c))

	sc := &simulate.Scenario{
		Seed: seed, Duration: duration(length), Timeout: duration(40*base + 2*network),
		Load: []simulate.Phase{{Arrivals: simulate.Poisson, Rate: simulate.Rate{Value: rate}}},
		Downstream: simulate.Downstream{
			Servers: []simulate.Step{{Servers: c}}, Service: service, Queue: -1, Network: duration(network),
		},
	}
	event := d.happen(sc, rate, base, c)
	sc.Name = fmt.Sprintf("r%d-%02d-c%d-%s-%s", seed%1000, i, c, name, event)
	sc.Description = fmt.Sprintf("%d servers of %.3v, offered %.2f times the capacity", c, duration(base), load)
	return sc
}

// draw is the one generator that all of a scenario is drawn from, in order.
type draw struct{ *rand.Rand }

func (d draw) within(low, high float64) float64 { return low + d.Float64()*(high-low) }

func (d draw) service(mean float64) (simulate.Distribution, string) {
	s := simulate.Distribution{Mean: duration(mean)}
	switch d.IntN(5) {
	case 0:
		s.Kind = simulate.Const
	case 1:
		s.Kind = simulate.Exp
	case 2:
		s.Kind, s.Shape = simulate.Lognormal, d.within(0.4, 1.4)
	case 3:
		s.Kind, s.Slow, s.Times = simulate.Bimodal, 0.1, d.within(10, 50)
	default:
		s.Kind, s.Shape = simulate.Pareto, d.within(1.6, 2.6)
	}
	return s, string(s.Kind)
}

// happen adds one of six things to sc, and returns its name.
func (d draw) happen(sc *simulate.Scenario, rate, base float64, c int) string {
	share := func(x float64) time.Duration { return time.Duration(x * float64(sc.Duration)) }
	switch d.IntN(6) {
	case 1:
		sc.Faults = []simulate.Fault{{Kind: simulate.Capacity, Value: d.within(0.3, 0.8), At: share(0.4), For: share(0.3)}}
		return "capacity"
	case 2:
		sc.Faults = []simulate.Fault{{Kind: simulate.Slow, Value: d.within(2, 4), At: share(0.4), For: share(0.2)}}
		return "slow"
	case 3:
		sc.Load[0] = simulate.Phase{Arrivals: simulate.MMPP, Rate: simulate.Rate{Value: rate}, High: 1.5, Low: 0.5, Hold: duration(40 * base)}
		return "bursts"
	case 4:
		sc.Load[0] = simulate.Phase{Arrivals: simulate.Schedule, Steps: []simulate.RateStep{
			{Rate: simulate.Rate{Value: 0.3 * rate}},
			{At: share(0.4), Rate: simulate.Rate{Value: 1.5 * rate}},
			{At: share(0.7), Rate: simulate.Rate{Value: 0.5 * rate}},
		}}
		return "steps"
	case 5:
		if c >= 4 && d.Float64() < 0.6 {
			sc.Clients.Count = 2 + d.IntN(8)
			return "fleet"
		}
	}
	return "steady"
}

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }
