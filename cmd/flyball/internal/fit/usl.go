package fit

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/flyball-go/flyball/cmd/flyball/load"
	"github.com/flyball-go/flyball/simulate"
)

// A Scaling is how the time of a call grows with how many there are, by the
// universal scalability law (Gunther 1993): Alone × (1 + σ (n − 1) + κ n (n − 1)).
type Scaling struct {
	Alone float64 // seconds that a call takes with nobody else there
	simulate.USL
}

// Best is how many calls at a time bring most throughput, √((1 − σ) ÷ κ); without
// bound if more always bring more, or no less.
func (s Scaling) Best() float64 {
	if s.Kappa == 0 {
		return math.Inf(1)
	}
	return math.Sqrt(max(0, 1-s.Sigma) / s.Kappa)
}

// most is the throughput, calls a second, with the best number of calls up to so many.
func (s Scaling) most(calls int) float64 {
	n := min(max(1, s.Best()), float64(calls))
	return n / (s.Alone * s.times(n))
}

// times is how many times as long a call takes with n there.
func (s Scaling) times(n float64) float64 { return 1 + s.Sigma*(n-1) + s.Kappa*n*(n-1) }

// scalingOf fits the law to throughput by concurrency. With n calls there the time of
// each is n ÷ throughput (Little's law), and that is linear in Alone, Alone·σ and
// Alone·κ: least squares of relative errors, of which the best that has no
// negative term is taken. Only steps with which the target kept up count: beyond,
// there are more and more calls, and the average tells little.
func scalingOf(train [][]load.Step) (best Scaling, ok bool) {
	var steps []load.Step
	for _, at := range train {
		if passed(at) {
			steps = append(steps, at...)
		}
	}
	least := math.Inf(1)
	for _, terms := range [][]int{{0}, {0, 1}, {0, 2}, {0, 1, 2}} {
		if len(steps) <= len(terms) {
			continue
		}
		a, b := mat.NewDense(len(steps), len(terms), nil), mat.NewVecDense(len(steps), nil)
		for i, s := range steps {
			n, took := concurrency(&s), s.Service.Mean.Seconds()
			for j, k := range terms {
				a.Set(i, j, []float64{1, n - 1, n * (n - 1)}[k]/took)
			}
			b.SetVec(i, 1)
		}
		var x, off mat.VecDense
		if err := x.SolveVec(a, b); err != nil {
			continue
		}
		off.MulVec(a, &x)
		off.SubVec(b, &off)
		squares := mat.Dot(&off, &off)
		var c [3]float64
		fine := true
		for j, k := range terms {
			c[k] = x.AtVec(j)
			fine = fine && c[k] >= 0
		}
		if fine && c[0] > 0 && squares < least {
			least, ok = squares, true
			best = Scaling{c[0], simulate.USL{Sigma: c[1] / c[0], Kappa: c[2] / c[0]}}
		}
	}
	return best, ok
}

// concurrency is how many calls there were, on average, when one began, itself
// included.
func concurrency(s *load.Step) float64 { return max(1, s.Goodput*s.Service.Mean.Seconds()) }
