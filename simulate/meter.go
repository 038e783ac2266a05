package simulate

import (
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/internal/hist"
)

// meter measures a run.
type meter struct {
	calls                                   tally // offered
	served, late, failed, rejected, refused tally

	attempts, admitted, timedOut, wasted uint64
	rejectedFor                          [adaptive.RejectReasons]uint64

	latency, rtt, binLatency spread
	windows                  []window
	classes                  []classMeter // nil if there are none
	limit, inFlight, queue   level

	opened int64 // when the bin that is filling began
	series Series
}

// tally counts, over the run and over the bin that is filling.
type tally struct{ total, bin uint64 }

func (t *tally) add() { t.total++; t.bin++ }

// rate is the count of the bin per second.
func (t *tally) rate(seconds float64) float64 {
	n := t.bin
	t.bin = 0
	return float64(n) / seconds
}

// spread is a histogram of times that keeps sum and maximum exactly.
type spread struct {
	counts *hist.Counts
	sum    float64
	max    int64
}

func newSpread() spread { return spread{counts: hist.New(latencyMax, resolution)} }

func (s *spread) add(x int64) {
	s.counts.Add(uint64(max(0, x)), 1)
	s.sum += float64(x)
	s.max = max(s.max, x)
}

func (s *spread) reset() {
	s.counts.Reset()
	s.sum, s.max = 0, 0
}

func (s *spread) mean() float64 {
	if n := s.counts.N(); n > 0 {
		return seconds(s.sum / float64(n))
	}
	return 0
}

// quantile is in seconds. It never exceeds the largest value that was seen.
func (s *spread) quantile(q float64) float64 {
	return seconds(min(s.counts.Quantile(q), float64(s.max)))
}

func (s *spread) quantiles() Quantiles {
	return Quantiles{
		Count: s.counts.N(), Mean: s.mean(), Max: seconds(float64(s.max)),
		P50: s.quantile(0.5), P90: s.quantile(0.9), P95: s.quantile(0.95), P99: s.quantile(0.99), P999: s.quantile(0.999),
	}
}

func seconds(ns float64) float64 { return ns / float64(time.Second) }

func newMeter(sc *Scenario) *meter {
	return &meter{
		latency: newSpread(), rtt: newSpread(), binLatency: newSpread(),
		limit: newLevel(), inFlight: newLevel(), queue: newLevel(), windows: newWindows(sc), classes: newClassMeters(sc),
		series: Series{Bin: sc.Duration.Seconds() / Bins},
	}
}

// concluded notes the end of an admitted attempt. What came back without any
// work says nothing about how long calls take.
func (m *meter) concluded(a *attempt, now int64, o adaptive.Outcome) {
	switch o {
	case adaptive.TimedOut:
		m.timedOut++
	case adaptive.Success:
	default:
		return
	}
	m.latency.add(now - a.born)
	m.binLatency.add(now - a.born)
	m.rtt.add(now - a.admitted)
	if m.classes != nil {
		m.classes[a.class].latency.add(now - a.born)
	}
}

// closeBin adds a bin to the series.
func (m *meter) closeBin(now int64) {
	length := float64(now - m.opened)
	m.opened = now
	m.closeWindows()
	s := &m.series
	s.Offered = append(s.Offered, m.calls.rate(seconds(length)))
	s.Goodput = append(s.Goodput, m.served.rate(seconds(length)))
	s.Rejected = append(s.Rejected, m.rejected.rate(seconds(length)))
	s.Refused = append(s.Refused, m.refused.rate(seconds(length)))
	s.Late = append(s.Late, m.late.rate(seconds(length)))
	s.Limit = append(s.Limit, m.limit.closeBin(now)/length)
	s.InFlight = append(s.InFlight, m.inFlight.closeBin(now)/length)
	s.Queue = append(s.Queue, m.queue.closeBin(now)/length)
	s.Mean = append(s.Mean, m.binLatency.mean())
	s.P50 = append(s.P50, m.binLatency.quantile(0.5))
	s.P99 = append(s.P99, m.binLatency.quantile(0.99))
	m.binLatency.reset()
}

// result sums up the run that ended now.
func (m *meter) result(now int64, fleet []*client) *Result {
	m.closeBin(now)
	res := &Result{
		Goodput: float64(m.served.total) / seconds(float64(now)),
		Offered: m.calls.total, Served: m.served.total, Late: m.late.total,
		Failed: m.failed.total, Rejected: m.rejected.total, Refused: m.refused.total,
		Attempts: m.attempts, Admitted: m.admitted, TimedOut: m.timedOut, Wasted: m.wasted,
		Latency: m.latency.quantiles(), RTT: m.rtt.quantiles(),
		InFlight: m.inFlight.result(now), Queue: m.queue.result(now),
		Series: m.series, Windows: m.windowResults(), Classes: m.classResults(now),
	}
	if fleet[0].limiter == nil {
		res.Series.Limit = []float64{}
	} else {
		l := m.limit.result(now)
		res.Limit = &l
	}
	for r, n := range m.rejectedFor {
		if n > 0 {
			if res.RejectedFor == nil {
				res.RejectedFor = map[string]uint64{}
			}
			res.RejectedFor[adaptive.RejectReason(r).String()] = n
		}
	}
	if len(fleet) > 1 {
		res.Fairness = jain(fleet)
	}
	return res
}

// jain is Jain's index of what each client got of what it asked for: 1 if all
// got the same share, 1/n if one got all.
func jain(fleet []*client) float64 {
	var n, sum, squares float64
	for _, c := range fleet {
		if c.offered > 0 {
			x := float64(c.served) / float64(c.offered)
			n, sum, squares = n+1, sum+x, squares+x*x
		}
	}
	if squares == 0 {
		return 1 // nobody got anything
	}
	return sum * sum / (n * squares)
}
