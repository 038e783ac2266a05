package adaptive

import (
	"math"
	"math/bits"
	"time"
)

// baseline is the round trip without queueing, as far as it can be known: it is
// measured on purpose by probes, short cuts of the concurrency, because a
// remembered minimum is either luck or long out of date. Round trips are in
// nanoseconds, variances of their logarithm. See docs/law.md.
type baseline struct {
	without parts
	sharing sharing

	rtt float64 // 0 until the first window
	v   float64
	n   float64 // samples pooled into it during start-up
	at  float64 // limit under which it was first learnt

	low  float64 // sum of ln of windows below the baseline, in a row
	lows int

	last time.Time // when rtt was last confirmed or moved; zero asks for a probe now
	line int64     // wall-clock time of the next probe, in Unix nanoseconds; 0 if none is planned
	soon int       // probes that should come soon, because the last one moved rtt far up

	least float64 // limit that a probe may ask for

	probing bool
	before  statistic // of the window before the probe
	load    float64   // mean in flight of that window
	limit   float64   // during the probe
	drift   float64   // surprise of the last probe, for two in a row
}

// ratio is the round trip of s over the baseline.
func (b *baseline) ratio(s statistic) float64 { return s.rtt / b.rtt }

// sigma is the standard error of ln ratio.
func (b *baseline) sigma(s statistic) float64 {
	if !b.without.has(concession) {
		return 0
	}
	return math.Sqrt(s.v + b.v)
}

// learn takes the first window as the baseline, and three windows in a row below
// it as a lower one. One would be luck: a running minimum over many noisy windows
// ends far below the truth.
func (b *baseline) learn(s statistic, w *Window) {
	switch {
	case b.rtt == 0:
		b.rtt, b.v, b.n, b.at = s.rtt, s.v, float64(s.n), w.Limit
		if !b.sharing.on {
			b.confirm(w)
		}
	case s.rtt < b.rtt*(1-b.sigma(s)):
		b.low += math.Log(s.rtt)
		if b.lows++; b.lows == 3 {
			b.rtt, b.v = math.Exp(b.low/3), s.v/3
			b.low, b.lows = 0, 0
			b.confirm(w)
		}
	default:
		b.low, b.lows = 0, 0
	}
}

// pool adds s to what start-up has seen so far: while the limit doubles without a
// queue, all windows measure the same thing, and one of 30 samples is not enough.
func (b *baseline) pool(s statistic) {
	n := float64(s.n)
	b.rtt *= math.Pow(s.rtt/b.rtt, n/(n+b.n))
	b.n += n
	b.v = s.v * n / b.n
}

func (b *baseline) confirm(w *Window) { b.last = w.Wall }

// due is how long after w it is time for a probe: not positive if it is now. Probes
// cost up to 40 % of the flow for a 25th of the time. They fall on a grid of the
// wall clock with a pitch of a power of two, and such grids nest: independent
// clients cut at the same instants and see the true baseline together, where one
// alone would measure the queue of the others. A sudden rise asks for a probe
// sooner: is it a queue, or has the downstream become slower?
func (b *baseline) due(s statistic, limit float64, w *Window, sudden bool) time.Duration {
	if b.last.IsZero() {
		return 0
	}
	a := max(1, 0.6*limit)
	period := max(100*b.rtt, 25*(s.rtt+max(4, 24/a)*b.rtt))
	if b.sharing.on {
		period = b.sharing.period(s)
	}
	pitch := int64(1) << bits.Len64(uint64(period))
	switch {
	case b.sharing.on:
		pitch = b.sharing.pitch(pitch)
	case sudden || b.soon > 0:
		pitch /= 8
	}
	if pitch < 1 {
		pitch = 1
	}
	// The next line of the grid that is not too close to the last probe, unless one
	// has just been passed.
	if !b.passed(w) {
		b.line = (max(b.last.UnixNano()+pitch/4, w.Wall.UnixNano()-1)/pitch + 1) * pitch
	}
	return time.Duration(b.line - w.Wall.UnixNano())
}

// passed reports whether the instant of the next probe came during w.
func (b *baseline) passed(w *Window) bool { return b.line != 0 && w.Wall.UnixNano() >= b.line }

// depth is the limit for a probe that is to meet no queue of ours, from under limit.
// The first one, which verifies what start-up learnt, goes as deep as any.
func (b *baseline) depth(s statistic, limit float64) float64 {
	q := clamp(b.ratio(s), 1, 2)
	if b.last.IsZero() && b.without.has(verification) {
		q = 2
	}
	return 0.6 * limit / q
}

// probe asks for a window of calls under a: it returns the limit for it and how to
// collect it. Load is the mean in flight behind s, and limit is to come back after.
func (b *baseline) probe(a float64, s statistic, load, limit float64, sudden bool) (float64, Collect) {
	a = max(1, b.least, math.Round(a))
	b.sharing.lone = b.line == 0
	b.probing, b.before, b.load, b.limit, b.line = true, s, load, a, 0
	rounds := max(4, 24/a)
	if b.sharing.on {
		rounds = b.sharing.rounds(rounds)
	}
	length := max(rounds*b.rtt, s.rtt)
	most, calls := length, 0
	if sudden {
		// The downstream may be that much slower: then the same calls take longer.
		length = max(4*b.rtt, s.rtt)
		most, calls = max(4, 24/a)*max(b.rtt, s.rtt), 24
	}
	return a, Collect{
		Settle: time.Duration(s.rtt), // in a fleet, the queue of the others has to drain as well
		Drain:  int(a), DrainWithin: time.Duration(20*s.rtt + 40*b.rtt),
		Cohort: time.Duration(length), Calls: calls, AtMost: time.Duration(most), After: limit,
		Within: time.Duration(most + 4*max(b.rtt, s.rtt)),
	}
}

// probed takes in what the probe measured and reports whether it moved the
// baseline up by much. The baseline may rise only if the round trip did not fall
// with the concurrency: if it did, it was a queue. Followed says that it did all the
// way down, so that there is a queue even in the probe. A deeper one is asked only
// whether there was: it is off the grid, so that a rise is the queue of those who have
// their limits back.
func (b *baseline) probed(w *Window, s statistic, deeper bool) (rose, followed bool) {
	b.probing = false
	b.soon--
	b.confirm(w)
	if !measured(w, s) {
		return false, false
	}
	followed = b.followed(s)
	d, se := math.Log(s.rtt/b.rtt), 2*b.sigma(s)
	weight := 0.5
	if first := b.sharing.first(); first || math.Abs(d) > 2*se+0.1 || math.Abs(d) > se && d*b.drift > 0 {
		weight = 1
	}
	b.drift = d
	weight *= min(1, float64(s.n)/20)
	if d > 0 && b.load > 1.2*b.limit && b.without.has(elasticity) {
		e := b.elasticity(s, b.before.rtt, b.load)
		weight *= clamp((0.7-e)/0.4, 0, 1)
	}
	if d > 0 && (deeper || b.sharing.blind()) {
		weight = 0
	}
	b.rtt *= math.Exp(weight * d)
	b.v = (1-weight)*(1-weight)*b.v + weight*weight*s.v
	if weight*d > 0.22 {
		b.soon = 2
		return true, followed
	}
	return false, followed
}

// followed reports whether the round trip fell with the concurrency all the way to
// that of the probe, its standard error conceded: then the baseline is lower still. It
// is asked only up to the limit where the baseline was first learnt, for start-up has
// seen what there is below any other.
func (b *baseline) followed(s statistic) bool {
	if b.sharing.on && !b.sharing.lone || !b.without.has(verification) || b.limit <= max(1, b.least) || b.limit > b.at || b.load <= 1.2*b.limit || s.n < 12 {
		return false
	}
	fell := math.Log(b.before.rtt/s.rtt) - math.Sqrt(b.before.v+s.v)
	return fell > 0.6*math.Log(b.load/b.limit)
}

// elasticity is how much of the concurrency between the probe and load the round
// trip followed: 1 is pure queueing, 0 none.
func (b *baseline) elasticity(s statistic, rtt, load float64) float64 {
	return math.Log(rtt/s.rtt) / math.Log(max(1.3, load/b.limit))
}

// measured reports whether a probe had enough calls to tell anything.
func measured(w *Window, s statistic) bool {
	return s.n >= 3 && 5*w.Count[TimedOut] < s.n
}
