package peers

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// The limits of https://github.com/Netflix/concurrency-limits, from the descriptions in
// its sources and their behaviour. Each starts at 20.
const netflixInitial = 20

// rule moves a limit after a sample.
type rule interface {
	sample(rtt time.Duration, inFlight int, drop bool)
	estimate() float64
}

// netflix tells a rule of calls as their limiters do: a success is a sample, a time-out
// and a refusal are drops, anything else is nothing.
type netflix struct {
	rule rule
	tell func(now adaptive.Instant, rtt time.Duration, inFlight int, drop bool)
}

func newNetflix(r rule) *netflix {
	return &netflix{r, func(_ adaptive.Instant, rtt time.Duration, inFlight int, drop bool) { r.sample(rtt, inFlight, drop) }}
}

func (n *netflix) limit(adaptive.Instant) int { return int(n.rule.estimate()) }

func (n *netflix) admit(_ adaptive.Instant, inFlight int) func(adaptive.End) {
	return func(e adaptive.End) {
		switch e.Outcome {
		case adaptive.Success, adaptive.Refused, adaptive.TimedOut:
			n.tell(e.At, max(e.RoundTrip(), 1), inFlight, e.Outcome != adaptive.Success)
		}
	}
}

// vegas estimates the queue, limit·(1 − shortest/rtt), where shortest is the shortest
// round trip since the last probe, and a probe is one sample in 15 to 30 times the limit
// that is believed whatever it is. With l the decimal logarithm of the limit, at least
// 1: a queue of at most l adds 6l, one below 3l adds l, one above 6l takes l, and so
// does a drop.
type vegas struct {
	current  float64
	shortest time.Duration
	rnd      *rand.Rand
	jitter   float64
	since    int // samples since the probe
}

func newVegas(rnd *rand.Rand) limiter {
	v := &vegas{current: netflixInitial, rnd: rnd}
	v.wait()
	return newNetflix(v)
}

func (v *vegas) wait() { v.since, v.jitter = 0, 0.5+v.rnd.Float64()/2 }

func (v *vegas) estimate() float64 { return v.current }

func (v *vegas) sample(rtt time.Duration, inFlight int, drop bool) {
	const probeEvery = 30 // times the limit
	v.since++
	if v.jitter*probeEvery*v.current <= float64(v.since) {
		v.wait()
		v.shortest = rtt
		return
	}
	if v.shortest == 0 || rtt < v.shortest {
		v.shortest = rtt
		return
	}
	queue := math.Ceil(v.current * (1 - float64(v.shortest)/float64(rtt)))
	l := math.Max(1, math.Floor(math.Log10(math.Floor(v.current))))
	step := 0.0
	switch {
	case drop:
		step = -l
	case float64(2*inFlight) < v.current:
		return
	case queue <= l:
		step = 6 * l
	case queue < 3*l:
		step = l
	case queue > 6*l:
		step = -l
	}
	v.current = min(max(v.current+step, lowest), highest)
}

// gradient2 holds each round trip against a long average of them, 600 samples: with
// g = average/rtt within 0.5 and 1, the limit moves a fifth of the way to g·limit + 4.
// An average of more than twice the round trip is cut by a tenth. Below half of the
// limit in flight it does not move. Drops are samples like others.
type gradient2 struct {
	current float64
	long    average
}

func newGradient2(*rand.Rand) limiter {
	return newNetflix(&gradient2{netflixInitial, average{window: 600}})
}

func (g *gradient2) estimate() float64 { return g.current }

func (g *gradient2) sample(rtt time.Duration, inFlight int, _ bool) {
	const queue, smoothing = 4, 0.2
	long := g.long.add(float64(rtt))
	if long > 2*float64(rtt) {
		g.long.value *= 0.9
	}
	if float64(inFlight) < g.current/2 {
		return
	}
	gradient := min(max(long/float64(rtt), 0.5), 1)
	g.current += smoothing * (g.current*gradient + queue - g.current)
	g.current = min(max(g.current, lowest), highest)
}

// average is the mean of the first ten values, and then exponentially weighted.
type average struct {
	window int
	n      int
	sum    float64
	value  float64
}

func (a *average) add(x float64) float64 {
	if a.n < 10 {
		a.n++
		a.sum += x
		a.value = a.sum / float64(a.n)
		return a.value
	}
	w := 2 / float64(a.window+1)
	a.value = a.value*(1-w) + x*w
	return a.value
}

// window is WindowedLimit: once a second, if ten calls have ended since, it tells of
// their mean round trip, of the most in flight and of whether any was dropped. It does
// not see calls of less than 100 µs.
type window struct {
	rule    rule
	judgeAt adaptive.Instant

	n, most int
	sum     time.Duration
	drop    bool
}

func newGradient2Windowed(*rand.Rand) limiter {
	n := newNetflix(&gradient2{netflixInitial, average{window: 600}})
	w := &window{rule: n.rule}
	n.tell = w.sample
	return n
}

func (w *window) sample(now adaptive.Instant, rtt time.Duration, inFlight int, drop bool) {
	if rtt < 100*time.Microsecond {
		return
	}
	w.n++
	w.sum += rtt
	w.most = max(w.most, inFlight)
	w.drop = w.drop || drop
	if now <= w.judgeAt {
		return
	}
	if w.n >= 10 {
		w.rule.sample(w.sum/time.Duration(w.n), w.most, w.drop)
	}
	*w = window{rule: w.rule, judgeAt: now + adaptive.Instant(time.Second)}
}
