package adaptive

import (
	"math"
	"time"
)

// baseline is the round trip without queueing, as far as it can be known: it is
// measured on purpose by probes, short cuts of the concurrency, because a
// remembered minimum is either luck or long out of date. See LAW.md section 5.
type baseline struct {
	rtt float64 // nanoseconds; 0 until the first window
	v   float64 // variance of ln rtt

	low     statistic // geometric mean of windows below the baseline, in a row
	lows    int
	last    Instant // when rtt was last confirmed or moved by a probe
	probing bool
	before  statistic // of the window before the probe
	load    float64   // mean in flight of that window
	limit   float64   // during the probe
	drift   float64   // sign of the last probe's surprise, for two in a row
}

// ratio is the round trip of s over the baseline.
func (b *baseline) ratio(s statistic) float64 { return s.rtt / b.rtt }

// sigma is the standard error of ln ratio.
func (b *baseline) sigma(s statistic) float64 { return math.Sqrt(s.v + b.v) }

// learn takes the first window as the baseline, and three windows in a row below
// it as a lower one. One would be luck: a running minimum over many noisy windows
// ends far below the truth.
func (b *baseline) learn(s statistic, at Instant) {
	switch {
	case b.rtt == 0:
		b.rtt, b.v, b.last = s.rtt, s.v, at
	case s.rtt < b.rtt*(1-b.sigma(s)):
		b.low.rtt += math.Log(s.rtt)
		b.low.v = s.v
		if b.lows++; b.lows == 3 {
			b.rtt, b.v, b.last = math.Exp(b.low.rtt/3), s.v/3, at
			b.low, b.lows = statistic{}, 0
		}
	default:
		b.low, b.lows = statistic{}, 0
	}
}

// due reports whether it is time for a probe: they cost up to half of the flow,
// for a 25th of the time, and only while the limit is felt. A sudden rise of the
// round trip asks sooner: is it a queue, or has the downstream become slower?
func (b *baseline) due(s statistic, limit float64, at Instant, sudden bool) bool {
	a := max(1, 0.6*limit)
	period := max(100*b.rtt, 25*(s.rtt+max(4, 24/a)*b.rtt))
	if sudden {
		period /= 8
	}
	return float64(at-b.last) > period
}

// probe asks for a window of calls that meet no queue of ours.
func (b *baseline) probe(w *Window, s statistic, limit float64) (float64, Collect) {
	a := max(1, math.Round(0.6*limit/clamp(b.ratio(s), 1, 2)))
	b.probing, b.before, b.load, b.limit = true, s, w.MeanInFlight, a
	length := max(max(4, 24/a)*b.rtt, s.rtt)
	return a, Collect{
		Drain: int(a), DrainWithin: time.Duration(20*s.rtt + 40*b.rtt),
		Cohort: time.Duration(length), After: limit,
		Within: time.Duration(length + 4*max(b.rtt, s.rtt)),
	}
}

// probed takes in what the probe measured. The baseline may rise only if the
// round trip did not fall with the concurrency: if it did, it was a queue.
func (b *baseline) probed(w *Window) {
	b.probing, b.last = false, w.Closed
	s := statisticOf(w.Latency)
	if s.n < 3 || 5*w.Count[TimedOut] >= s.n || !w.Drained {
		return
	}
	d, se := math.Log(s.rtt/b.rtt), 2*b.sigma(s)
	weight := 0.5
	if math.Abs(d) > 2*se+0.1 || math.Abs(d) > se && d*b.drift > 0 {
		weight = 1
	}
	b.drift = d
	weight *= min(1, float64(s.n)/20)
	if d > 0 && b.load > 1.2*b.limit {
		elasticity := math.Log(b.before.rtt/s.rtt) / math.Log(b.load/b.limit)
		weight *= clamp((0.7-elasticity)/0.4, 0, 1)
	}
	b.rtt *= math.Exp(weight * d)
	b.v = (1-weight)*(1-weight)*b.v + weight*weight*s.v
}
