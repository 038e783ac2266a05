package simulate

import (
	"math"
	"math/rand/v2"
	"sort"
	"time"

	"github.com/flyball-go/flyball/simulate/trace"
)

// sampler draws from a Distribution, in nanoseconds.
type sampler struct {
	Distribution
	mean  float64
	mu    float64 // of Lognormal
	least float64 // of Pareto
	fast  float64 // mean of the fast calls of Bimodal
}

func newSampler(d Distribution) sampler {
	s := sampler{Distribution: d, mean: float64(d.Mean)}
	switch d.Kind {
	case Lognormal:
		s.mu = math.Log(s.mean) - d.Shape*d.Shape/2
	case Pareto:
		s.least = s.mean * (d.Shape - 1) / d.Shape
	case Bimodal:
		s.fast = s.mean / (1 - d.Slow + d.Slow*d.Times)
	case Empirical:
		s.mean = float64(d.meanOfValues())
	}
	return s
}

// meanOfValues is the mean of an Empirical.
func (d *Distribution) meanOfValues() time.Duration {
	var sum float64
	if len(d.UpTo) > 0 {
		return trace.Distribution{Values: d.Values, UpTo: d.UpTo}.Mean()
	}
	for _, v := range d.Values {
		sum += float64(v)
	}
	return time.Duration(sum / float64(max(1, len(d.Values))))
}

// at draws a time as it is distributed at the instant now.
func (s *sampler) at(now int64, rnd *rand.Rand) float64 {
	switch s.Kind {
	case Exp:
		return s.mean * rnd.ExpFloat64()
	case Lognormal:
		return math.Exp(s.mu + s.Shape*rnd.NormFloat64())
	case Gamma:
		return s.mean / s.Shape * gamma(s.Shape, rnd)
	case Pareto:
		return math.Min(s.least*math.Pow(1-rnd.Float64(), -1/s.Shape), 1000*s.mean)
	case Bimodal:
		x := s.fast
		if rnd.Float64() < s.slowAt(now) {
			x *= s.Times
		}
		return x * (0.8 + 0.4*rnd.Float64())
	case Empirical:
		if n := len(s.UpTo); n > 0 {
			draw := rnd.Int64N(s.UpTo[n-1])
			return float64(s.Values[sort.Search(n-1, func(i int) bool { return s.UpTo[i] > draw })])
		}
		return float64(s.Values[rnd.IntN(len(s.Values))])
	}
	return s.mean
}

// meanAt is the mean at the instant now.
func (s *sampler) meanAt(now int64) float64 {
	if s.Kind == Bimodal {
		slow := s.slowAt(now)
		return s.fast * (1 - slow + slow*s.Times)
	}
	return s.mean
}

func (s *sampler) slowAt(now int64) float64 {
	if s.Shift == (Shift{}) || now <= int64(s.Shift.At) {
		return s.Slow
	}
	done := 1.0
	if past := now - int64(s.Shift.At); past < int64(s.Shift.Over) {
		done = float64(past) / float64(s.Shift.Over)
	}
	return s.Slow + (s.Shift.Slow-s.Slow)*done
}

// gamma draws from a gamma distribution of scale 1 by squeezing a normal draw
// (Marsaglia and Tsang 2000); shapes below 1 are boosted from shape + 1.
func gamma(shape float64, rnd *rand.Rand) float64 {
	boost := 1.0
	if shape < 1 {
		boost = math.Pow(1-rnd.Float64(), 1/shape)
		shape++
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := rnd.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v *= v * v
		if math.Log(1-rnd.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return boost * d * v
		}
	}
}
