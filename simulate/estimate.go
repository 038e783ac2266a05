package simulate

import (
	"fmt"
	"math"
)

// An Estimate is what several runs, alike but for their seeds, say about the
// mean: with a confidence of 95 % it lies within Half of Mean, if the runs are
// near enough to normally distributed. Of a single run Half is 0 and says nothing.
type Estimate struct {
	Runs int     `json:"runs"`
	Mean float64 `json:"mean"`
	Half float64 `json:"half"` // of the width of the interval
}

// Estimated sums up one value per run; of none all is 0.
func Estimated(values []float64) Estimate {
	n := len(values)
	if n == 0 {
		return Estimate{}
	}
	e := Estimate{Runs: n, Mean: mean(values)}
	if n == 1 {
		return e
	}
	squares := 0.0
	for _, x := range values {
		squares += (x - e.Mean) * (x - e.Mean)
	}
	e.Half = studentT(0.95, n-1) * math.Sqrt(squares/float64(n-1)/float64(n))
	return e
}

// Estimate sums up a metric of one guard over the seeds of r.
func (r *Report) Estimate(guard, metric string) (Estimate, error) {
	var values []float64
	for _, res := range r.Of(guard) {
		x, err := res.Metric(metric)
		if err != nil {
			return Estimate{}, err
		}
		values = append(values, x)
	}
	if len(values) == 0 {
		return Estimate{}, fmt.Errorf("simulate: %s has no guard %s", r.Scenario, guard)
	}
	return Estimated(values), nil
}

// Seeds returns n seeds in a row, the scenario's own first. None is 0, which
// stands for 1.
func (s *Scenario) Seeds(n int) []uint64 {
	seeds := make([]uint64, n)
	next := s.seed()
	for i := range seeds {
		seeds[i] = next
		next = max(1, next+1)
	}
	return seeds
}

// studentT is the t that Student's distribution of so many degrees of freedom
// stays within, either way, with probability p.
func studentT(p float64, freedom int) float64 {
	// With t = √freedom·tan θ the probability is a finite sum of powers of cos θ
	// (Abramowitz and Stegun 26.7.3 and 26.7.4), which grows with θ.
	low, high := 0.0, math.Pi/2
	for range 60 {
		if mid := (low + high) / 2; withinAngle(mid, freedom) < p {
			low = mid
		} else {
			high = mid
		}
	}
	return math.Sqrt(float64(freedom)) * math.Tan(low)
}

func withinAngle(theta float64, freedom int) float64 {
	sin, cos := math.Sincos(theta)
	if freedom%2 == 0 {
		term, sum := 1.0, 1.0
		for k := 2; k < freedom; k += 2 {
			term *= cos * cos * float64(k-1) / float64(k)
			sum += term
		}
		return sin * sum
	}
	sum := 0.0
	for k, term := 1, cos; k < freedom; k += 2 {
		sum += term
		term *= cos * cos * float64(k+1) / float64(k+2)
	}
	return 2 / math.Pi * (theta + sin*sum)
}
