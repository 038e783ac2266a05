package tune

import (
	"hash/fnv"
	"math/rand/v2"
)

// newRand is the random stream of one purpose.
func newRand(seed uint64, purpose string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(purpose)) // never fails
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// hypercube returns n points of a Latin hypercube: of n equal slices of every
// axis each has one point (McKay, Beckman, Conover, Technometrics 21, 1979).
func hypercube(n, axes int, rnd *rand.Rand) []Point {
	points := make([]Point, n)
	for i := range points {
		points[i] = make(Point, axes)
	}
	for a := range axes {
		for i, slice := range rnd.Perm(n) {
			points[i][a] = (float64(slice) + rnd.Float64()) / float64(n)
		}
	}
	return points
}

// A step away from a parent: the deviation of the first round of a refinement, and
// how it shrinks from one to the next.
const (
	firstStep = 0.12
	stepDecay = 0.6
	turnShare = 0.6  // of the knobs are turned
	jumpShare = 0.15 // of the choices are drawn anew
	crossed   = 0.3  // of the knobs come from another parent
)

// child is a point near parents[i], as in an evolution strategy: some knobs are
// taken from another parent, and some turned by a normal deviate.
func (s *Space) child(parents []Point, i, round int, rnd *rand.Rand) Point {
	step := firstStep
	for range round {
		step *= stepDecay
	}
	other := parents[rnd.IntN(len(parents))]
	p := append(Point(nil), parents[i]...)
	for k := range p {
		if rnd.Float64() < crossed {
			p[k] = other[k]
		}
		switch {
		case s.Knobs[k].categorical():
			if rnd.Float64() < jumpShare {
				p[k] = rnd.Float64()
			}
		case rnd.Float64() < turnShare:
			p[k] = reflect01(p[k] + step*rnd.NormFloat64())
		}
	}
	return p
}

// reflect01 throws x back at the ends of 0 to 1.
func reflect01(x float64) float64 {
	if x < 0 {
		x = -x
	}
	if x > 1 {
		x = 2 - x
	}
	return min(max(x, 0), 1)
}
