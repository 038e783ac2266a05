package simulate

import (
	"math"
	"math/rand/v2"
	"time"
)

// arrivals makes the instants at which calls come from outside, phase by phase.
// They depend on nothing but the seed. A phase of users makes none.
type arrivals struct {
	phases  []Phase
	weather *weather
	end     float64
	seed    uint64
	gaps    *rand.Rand // of the phase, so that no phase shifts the draws of another
	bursts  *rand.Rand // of the phase

	phase    int
	from, to float64 // of the phase
	at       float64 // of the last arrival; a float, so that rounding does not add up
	stamp    int     // next of a Replay
	step     int     // of a Schedule
	high     bool    // state of an MMPP
	turn     float64 // when it turns
	bound    float64 // of the rate, for thinning
}

func newArrivals(sc *Scenario, w *weather) *arrivals {
	a := &arrivals{phases: sc.Load, weather: w, end: float64(sc.Duration), seed: sc.Seed, phase: -1}
	a.enter()
	return a
}

// enter goes to the next phase.
func (a *arrivals) enter() {
	a.phase++
	if a.phase >= len(a.phases) {
		return
	}
	p := &a.phases[a.phase]
	a.from, a.to = a.to, a.end
	if p.For > 0 {
		a.to = a.from + float64(p.For)
	}
	a.at, a.stamp, a.step = a.from, 0, 0
	a.gaps = newStream(a.seed, "arrivals", uint64(a.phase)).sequence()
	a.bursts = newStream(a.seed, "bursts", uint64(a.phase)).sequence()
	a.bound = a.most(p)
	if p.Arrivals == MMPP {
		a.high = a.bursts.Float64() < 0.5
		a.turn = a.from + float64(p.Hold)*a.bursts.ExpFloat64()
	}
}

// next is the next arrival, and never after the last.
func (a *arrivals) next() int64 {
	for a.phase < len(a.phases) {
		if a.advance(&a.phases[a.phase]); a.at < a.to {
			return int64(a.at)
		}
		a.enter()
	}
	return never
}

// advance moves at to the next arrival of p, or to the end of p or beyond.
func (a *arrivals) advance(p *Phase) {
	switch p.Arrivals {
	case Users, Work:
		a.at = a.to
	case Replay:
		a.at = a.to
		if a.stamp < len(p.Stamps) {
			a.at = a.from + float64(p.Stamps[a.stamp])
			a.stamp++
		}
	case Constant:
		a.at += float64(time.Second) / a.rate(p, a.at)
	case MMPP:
		a.advanceBursts(p)
	case Schedule:
		a.advanceSteps(p)
	default:
		// Thinning: draw at the highest rate there is, keep the right share.
		for a.at < a.to {
			a.at += a.gaps.ExpFloat64() * float64(time.Second) / a.bound
			if p.Arrivals == Poisson && !p.Rate.OfCapacity || a.gaps.Float64()*a.bound < a.rate(p, a.at) {
				return
			}
		}
	}
}

func (a *arrivals) advanceBursts(p *Phase) {
	for a.at < a.to {
		rate := a.per(p.Rate, a.at) * p.Low
		if a.high {
			rate = a.per(p.Rate, a.at) * p.High
		}
		next := a.at + a.gaps.ExpFloat64()*float64(time.Second)/rate // +Inf at rate 0
		if next <= a.turn {
			a.at = next
			return
		}
		// What is left of an exponential gap is exponential again.
		a.at = a.turn
		a.high = !a.high
		a.turn += float64(p.Hold) * a.bursts.ExpFloat64()
	}
}

// advanceSteps draws step by step, so that a short spike costs no draws elsewhere.
func (a *arrivals) advanceSteps(p *Phase) {
	for a.at < a.to {
		for a.step+1 < len(p.Steps) && a.from+float64(p.Steps[a.step+1].At) <= a.at {
			a.step++
		}
		end := a.to
		if a.step+1 < len(p.Steps) {
			end = min(end, a.from+float64(p.Steps[a.step+1].At))
		}
		rate := p.Steps[a.step].Rate
		bound := a.bounded(rate)
		next := end
		if bound > 0 {
			next = a.at + a.gaps.ExpFloat64()*float64(time.Second)/bound
		}
		if a.at = min(next, end); next < end && (!rate.OfCapacity || a.gaps.Float64()*bound < a.per(rate, a.at)) {
			return
		}
	}
}

// rate is calls per second of p at the instant t.
func (a *arrivals) rate(p *Phase, t float64) float64 {
	switch p.Arrivals {
	case Ramp:
		from, to := a.per(p.Rate, t), a.per(p.To, t)
		return from + (to-from)*(t-a.from)/(a.to-a.from)
	case Sine:
		return a.per(p.Rate, t) + p.Amplitude*math.Sin(2*math.Pi*t/float64(p.Period))
	}
	return a.per(p.Rate, t)
}

func (a *arrivals) per(r Rate, t float64) float64 {
	if r.OfCapacity {
		return r.Value * a.weather.capacity(int64(t))
	}
	return r.Value
}

// steps estimates how many draws the whole load takes, at most.
func (a *arrivals) steps() float64 {
	var sum, from float64
	for i := range a.phases {
		p := &a.phases[i]
		to := a.end
		if p.For > 0 {
			to = min(from+float64(p.For), a.end)
		}
		length := max(0, to-from)
		switch p.Arrivals {
		case Users, Work:
		case Replay:
			sum += float64(len(p.Stamps))
		case Schedule:
			for i, s := range p.Steps {
				end := length
				if i+1 < len(p.Steps) {
					end = min(end, float64(p.Steps[i+1].At))
				}
				sum += max(0, seconds(end-float64(s.At))) * a.bounded(s.Rate)
			}
		case MMPP:
			sum += seconds(length)*a.most(p)*max(p.High, p.Low) + length/float64(max(1, p.Hold))
		default:
			sum += seconds(length) * a.most(p)
		}
		from = to
	}
	return sum
}

// most bounds the rate of p from above.
func (a *arrivals) most(p *Phase) float64 {
	return max(a.bounded(p.Rate), a.bounded(p.To)) + math.Abs(p.Amplitude)
}

func (a *arrivals) bounded(r Rate) float64 {
	if r.OfCapacity {
		return r.Value * a.weather.mostCapacity()
	}
	return r.Value
}
