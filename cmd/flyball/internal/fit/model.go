package fit

import (
	"context"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/optimize"

	"github.com/flyball-go/flyball/cmd/flyball/load"
	"github.com/flyball-go/flyball/simulate"
)

// A Model is one way in which a target may share its capacity among calls, and how
// well it predicts the steps that it was made of.
type Model struct {
	Name       string
	Downstream simulate.Downstream
	Off        float64 // root mean square of the errors of goodput, p50 and p99, as shares of what was measured
	QAICc      float64 // Akaike's criterion of the errors, see Twin.choose; the least is the best
	Chosen     bool

	parameters int
	services   []Family
	chi2       float64
}

// The models.
const (
	Servers = "servers" // so many calls at a time, the others wait in the order in which they came
	Shared  = "shared"  // all calls at a time, beyond so many each gets the less: processors
	Scaled  = "usl"     // all calls at a time, each takes the longer the more there are
)

// Best are the best model of each name, in the order of Models.
func (t *Twin) Best() (best []*Model) {
	for i := range t.Models {
		m := &t.Models[i]
		at := slices.IndexFunc(best, func(b *Model) bool { return b.Name == m.Name })
		switch {
		case at < 0:
			best = append(best, m)
		case m.Chosen || m.QAICc < best[at].QAICc && !best[at].Chosen:
			best[at] = m
		}
	}
	return best
}

// models are those that the calm steps allow for. Servers are as many as keep busy
// with the capacity (Little's law), and what is left over of the time of a call is
// network; or they are fewer, and more is network.
func (t *Twin) models(calm []load.Step, most int, kind simulate.DistributionKind) (out []Model) {
	all := timesOf(calm, func(*load.Step) float64 { return 1 })
	mean := all.mean() / float64(time.Second)
	busy := t.Capacity * mean
	// A number that is whole but for the noise is not to lose a server: then calls
	// take a little longer instead, so that capacity is what it was.
	full := max(1, int(busy+min(0.05*busy, 0.5)))
	for i, n := range slices.Compact([]int{full, full * 3 / 4, full / 2, full / 4}) {
		if n == 0 {
			continue
		}
		network := time.Duration(max(0, mean-float64(n)/t.Capacity) * float64(time.Second)).Round(time.Microsecond)
		network = min(network, time.Duration(all.at[0])-1)
		scale := float64(n) / t.Capacity / (mean - network.Seconds())
		if i > 0 && scale < 0.9 {
			continue // a call would be faster than the network
		}
		own := all.changed(network, scale).families()
		for _, order := range []simulate.Order{"", simulate.PS} {
			m := Model{Name: Servers, parameters: 2 + min(i, 1), services: own}
			if order == simulate.PS {
				m.Name = Shared
			}
			m.Downstream = simulate.Downstream{Servers: []simulate.Step{{Servers: n}}, Service: pick(own, kind), Queue: -1, Network: network, Order: order}
			out = append(out, m)
		}
	}
	if t.Scaling.USL != (simulate.USL{}) {
		out = append(out, t.scaled(t.Scaling, calm, most, kind))
	}
	return out
}

// scaled is the model of a scaling law.
func (t *Twin) scaled(law Scaling, calm []load.Step, most int, kind simulate.DistributionKind) Model {
	own := timesOf(calm, func(s *load.Step) float64 { return 1 / law.times(concurrency(s)) })
	own = own.changed(0, law.Alone*float64(time.Second)/own.mean())
	m := Model{Name: Scaled, parameters: 3, services: own.families()}
	m.Downstream = simulate.Downstream{Servers: []simulate.Step{{Servers: most}}, Service: pick(m.services, kind), Queue: -1, USL: law.USL}
	return m
}

func pick(families []Family, kind simulate.DistributionKind) simulate.Distribution {
	for _, f := range families {
		if f.Service.Kind == kind {
			return f.Service
		}
	}
	return families[0].Service
}

// known is the relative error up to which nobody is to blame.
const known = 0.02

// try plays the steps that a model is made of. Each error counts by how well the
// number is known from so many calls on such a machine.
func (t *Twin) try(ctx context.Context, m *Model, train [][]load.Step, inFlight int, with effort) error {
	t.use(m, train)
	m.chi2, m.Off = 0, 0
	n := 0
	for _, at := range train {
		j, err := t.judge(ctx, at, inFlight, with)
		if err != nil {
			return err
		}
		spread := spreadOf(at)
		for i, e := range j.Errors() {
			m.Off += e.Off * e.Off
			off := math.Log(max(e.Predicted, 1e-9) / e.Measured)
			m.chi2 += off * off / (spread[i]*spread[i] + known*known)
			n++
		}
	}
	m.Off = math.Sqrt(m.Off / float64(n))
	return nil
}

// choose takes the model with the least Akaike criterion, corrected for few errors
// and for more spread than chance explains (QAICc; Burnham and Anderson 2002, 2.4 and
// 2.5). Later models have to be better by 2, which is when their book begins to
// speak of a difference.
func (t *Twin) choose(ctx context.Context, models []Model, calm []load.Step, train [][]load.Step, inFlight int) error {
	least := math.Inf(1)
	for i := range models {
		m := &models[i]
		if err := t.try(ctx, m, train, inFlight, quick); err != nil {
			return err
		}
		if m.Name == Scaled {
			if err := t.refine(ctx, m, calm, train, inFlight); err != nil {
				return err
			}
		}
		least = min(least, m.chi2)
	}
	n := 0.0
	for _, at := range train {
		n++
		if t.below(at) {
			n += 2
		}
	}
	best := -1
	for i := range models {
		m := &models[i]
		k := float64(m.parameters + 1) // the spread is one more
		spread := max(1, least/max(1, n-4))
		m.QAICc = m.chi2/spread + 2*k + 2*k*(k+1)/max(1, n-k-1)
		if best < 0 || m.QAICc < models[best].QAICc-2 {
			best = i
		}
	}
	models[best].Chosen = true
	t.use(&models[best], train)
	t.Models = models
	if t.Model == Scaled {
		t.Capacity = t.Scaling.most(inFlight)
	}
	return nil
}

// refine moves the law of a scaled model to where the steps are predicted best, by
// the simplex of Nelder and Mead: what a call meets in a step beyond the knee is not
// what it meets on average.
func (t *Twin) refine(ctx context.Context, m *Model, calm []load.Step, train [][]load.Step, inFlight int) error {
	start, best := t.Scaling, *m
	kind := m.Downstream.Service.Kind
	var failed error
	problem := optimize.Problem{Func: func(x []float64) float64 {
		law := Scaling{start.Alone * math.Exp(x[0]), simulate.USL{Sigma: max(start.Sigma, 1e-3) * math.Exp(x[1]), Kappa: max(start.Kappa, 1e-6) * math.Exp(x[2])}}
		if failed != nil || law.Sigma > 1 || law.Kappa > 1 {
			return math.Inf(1)
		}
		next := t.scaled(law, calm, inFlight, kind)
		if failed = t.try(ctx, &next, train, inFlight, quickest); failed != nil {
			return math.Inf(1)
		}
		if next.chi2 < best.chi2 {
			best, t.Scaling = next, law
		}
		return next.chi2
	}}
	_, err := optimize.Minimize(problem, make([]float64, 3), &optimize.Settings{FuncEvaluations: 60}, &optimize.NelderMead{SimplexSize: 0.3})
	_ = err // out of evaluations or not, the best counts
	*m = best
	return failed
}

// use makes the twin one of a model.
func (t *Twin) use(m *Model, train [][]load.Step) {
	t.Model, t.Downstream, t.Services = m.Name, m.Downstream, m.services
	t.bound(train)
	m.Downstream = t.Downstream
}
