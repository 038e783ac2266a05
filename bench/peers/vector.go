package peers

import (
	"math"
	"math/rand/v2"

	"github.com/flyball-go/flyball/adaptive"
)

// vector is Vector's adaptive request concurrency, from
// https://vector.dev/docs/architecture/arc/ and the behaviour of its controller.
//
// About once a round trip it holds the mean of the round trips since against an
// average of the means before, with their deviation. If the limit was reached, nothing
// was refused and the mean is not above the average, the limit grows by one. If
// something was refused, failed or timed out, or the mean is above the average by 2.5
// deviations, it shrinks to 0.9 of it, rounded down.
type vector struct {
	current int
	past    moving
	judgeAt adaptive.Instant

	sum              float64 // of the round trips since, in seconds
	n                int
	refused, reached bool
}

const (
	vectorWeight     = 0.4
	vectorDeviations = 2.5
	vectorDecrease   = 0.9
)

func newVector(*rand.Rand) limiter { return &vector{current: 1} }

func (v *vector) limit(adaptive.Instant) int { return v.current }

func (v *vector) admit(_ adaptive.Instant, inFlight int) func(adaptive.End) {
	v.reached = v.reached || inFlight >= v.current
	return v.ended
}

func (v *vector) ended(e adaptive.End) {
	switch e.Outcome {
	case adaptive.Success:
		v.sum += e.RoundTrip().Seconds()
		v.n++
	case adaptive.Refused, adaptive.TimedOut, adaptive.Failure:
		v.refused = true
	}
	switch {
	case !v.past.known:
		if v.n > 0 {
			v.past.add(v.sum / float64(v.n))
			v.judgeAt = e.At + seconds(v.past.mean)
		}
	case e.At >= v.judgeAt:
		v.judge()
		v.judgeAt = e.At + seconds(v.past.mean)
		v.sum, v.n, v.refused, v.reached = 0, 0, false, false
	}
}

func (v *vector) judge() {
	mean, bound := 0.0, v.past.mean+vectorDeviations*math.Sqrt(v.past.variance)
	if v.n > 0 {
		mean = v.sum / float64(v.n)
	}
	switch {
	case v.reached && !v.refused && v.n > 0 && mean <= v.past.mean:
		v.current = min(v.current+1, highest)
	case v.refused || mean >= bound:
		v.current = max(int(float64(v.current)*vectorDecrease), lowest)
	}
	if v.n > 0 {
		v.past.add(mean)
	}
}

func seconds(s float64) adaptive.Instant { return adaptive.Instant(s * 1e9) }

// moving is an exponentially weighted mean and variance, as West's recurrence has it.
type moving struct {
	known          bool
	mean, variance float64
}

func (m *moving) add(x float64) {
	if !m.known {
		*m = moving{true, x, 0}
		return
	}
	off := x - m.mean
	step := vectorWeight * off
	m.mean += step
	m.variance = (1 - vectorWeight) * (m.variance + off*step)
}
