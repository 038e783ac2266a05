package tune

import (
	"math"
	"slices"
	"time"

	"github.com/flyball-go/flyball/simulate"
)

// A Change is how another downstream differs from the one of a scenario, which no
// model meets exactly.
type Change struct {
	Name     string  `json:"name"`
	Slower   float64 `json:"slower"`   // service times are so many times as long
	Capacity float64 `json:"capacity"` // it does so many times as many calls at once, and as many a second
}

// changes are those that a winner must stand: ±20 %. The first is none.
var changes = []Change{
	{"as modelled", 1, 1},
	{"20 % slower", 1.2, 1},
	{"20 % faster", 0.8, 1},
	{"20 % smaller", 1, 0.8},
	{"20 % larger", 1, 1.2},
}

// on returns the changed scenario, or nil if the change leaves it as it is, as
// that of a single server by a fifth. The load stays what it was in calls per
// second.
func (c Change) on(sc *simulate.Scenario) *simulate.Scenario {
	if c.Slower == 1 && c.Capacity == 1 {
		return sc
	}
	out := *sc
	d := &out.Downstream
	before := [...]any{sc.Downstream.Servers, sc.Downstream.HardLimit, sc.Downstream.RateLimit, sc.Downstream.Latency}
	slow(&d.Service, c.Slower)
	out.Classes = slices.Clone(sc.Classes)
	for i := range out.Classes {
		slow(&out.Classes[i].Service, c.Slower)
	}
	d.Servers = slices.Clone(d.Servers)
	for i := range d.Servers {
		d.Servers[i].Servers = size(d.Servers[i].Servers, c.Capacity)
	}
	d.HardLimit.InFlight = size(d.HardLimit.InFlight, c.Capacity)
	d.RateLimit.Rate *= c.Capacity
	d.RateLimit.Burst = size(d.RateLimit.Burst, c.Capacity)
	l := &d.Latency
	l.Base, l.Slope = times(l.Base, c.Slower), times(l.Slope, c.Slower/c.Capacity)
	l.Knee = size(l.Knee, c.Capacity)
	after := [...]any{d.Servers, d.HardLimit, d.RateLimit, d.Latency}
	if c.Slower == 1 && digest(before) == digest(after) {
		return nil
	}
	out.Load = slices.Clone(sc.Load)
	for i := range out.Load {
		p := &out.Load[i]
		hold(&p.Rate, c)
		hold(&p.To, c)
		p.Steps = slices.Clone(p.Steps)
		for j := range p.Steps {
			hold(&p.Steps[j].Rate, c)
		}
	}
	return &out
}

// hold keeps a rate that is a multiple of the capacity near where it was.
func hold(r *simulate.Rate, c Change) {
	if r.OfCapacity {
		r.Value *= c.Slower / c.Capacity
	}
}

func slow(d *simulate.Distribution, factor float64) {
	d.Mean = times(d.Mean, factor)
	d.Values = slices.Clone(d.Values)
	for i := range d.Values {
		d.Values[i] = times(d.Values[i], factor)
	}
}

func times(d time.Duration, factor float64) time.Duration {
	return time.Duration(math.Round(float64(d) * factor))
}

// size is n times factor; none stays none, and some at least one.
func size(n int, factor float64) int {
	if n <= 0 {
		return n
	}
	return max(1, int(math.Round(float64(n)*factor)))
}
