package peers

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// envoy is the gradient controller of Envoy's adaptive concurrency filter, from
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/adaptive_concurrency_filter
// and the behaviour of gradient_controller.cc.
//
// Every interval, give or take a jitter, it lowers the limit to probeLimit until
// probeCalls have ended, and takes their median for the round trip of an idle
// upstream, m. Between probes, every period with a median s of its own,
//
//	g = (m + m·buffer) / s, within 0.5 and 2
//	limit = g·limit + √(g·limit)
//
// Five periods in a row at probeLimit bring the probe forward. Any answer is a sample.
type envoy struct {
	rnd     *rand.Rand
	current float64
	probing bool
	before  float64          // the limit, while probing
	since   adaptive.Instant // calls that were sent earlier are not samples
	probeAt adaptive.Instant
	judgeAt adaptive.Instant
	idle    time.Duration // m
	atLeast int           // periods in a row at probeLimit
	samples []time.Duration
}

const (
	envoyInterval   = time.Minute
	envoyJitter     = 0.15
	envoyPeriod     = 100 * time.Millisecond
	envoyProbeLimit = 3
	envoyProbeCalls = 50
	envoyBuffer     = 0.25
)

func newEnvoy(rnd *rand.Rand) limiter {
	e := &envoy{rnd: rnd, current: envoyProbeLimit}
	e.probe(0)
	return e
}

func (e *envoy) limit(now adaptive.Instant) int {
	e.pass(now)
	return int(e.current)
}

func (e *envoy) admit(now adaptive.Instant, _ int) func(adaptive.End) {
	e.pass(now)
	return func(end adaptive.End) {
		e.pass(end.At)
		if end.Outcome == adaptive.Ignored || end.Outcome == adaptive.Abandoned || end.Start < e.since {
			return
		}
		e.samples = append(e.samples, end.RoundTrip())
		if e.probing && len(e.samples) >= envoyProbeCalls {
			e.probed(end.At)
		}
	}
}

// pass lets the timers go off that are due. Nothing looks in between.
func (e *envoy) pass(now adaptive.Instant) {
	for !e.probing {
		switch at := min(e.judgeAt, e.probeAt); {
		case at > now:
			return
		case at == e.probeAt:
			e.probe(at)
		case len(e.samples) == 0: // this period says nothing, nor do the next until now
			e.judgeAt += (now-e.judgeAt)/adaptive.Instant(envoyPeriod)*adaptive.Instant(envoyPeriod) + adaptive.Instant(envoyPeriod)
		default:
			e.judge(at)
			e.judgeAt += adaptive.Instant(envoyPeriod)
		}
	}
}

func (e *envoy) probe(at adaptive.Instant) {
	e.probing, e.before, e.since, e.atLeast = true, e.current, at, 0
	e.current = envoyProbeLimit
	e.samples = e.samples[:0]
}

func (e *envoy) probed(now adaptive.Instant) {
	e.idle = e.median()
	e.probing, e.current = false, e.before
	e.probeAt = now + adaptive.Instant(float64(envoyInterval)*(1+envoyJitter*e.rnd.Float64()))
	e.judgeAt = now + adaptive.Instant(envoyPeriod)
}

func (e *envoy) judge(now adaptive.Instant) {
	gradient := min(max(float64(e.idle)*(1+envoyBuffer)/float64(max(e.median(), 1)), 0.5), 2)
	was := e.current
	grown := was * gradient
	e.current = min(max(math.Floor(grown+math.Sqrt(grown)), envoyProbeLimit), highest)
	if was != envoyProbeLimit || e.current != envoyProbeLimit {
		e.atLeast = 0
		return
	}
	if e.atLeast++; e.atLeast >= 5 {
		e.probeAt = now
	}
}

// median takes the samples away.
func (e *envoy) median() time.Duration {
	slices.Sort(e.samples)
	m := e.samples[(len(e.samples)-1)/2]
	e.samples = e.samples[:0]
	return m
}
