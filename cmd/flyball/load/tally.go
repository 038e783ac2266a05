package load

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/internal/hist"
)

// windows is into how many parts a step is cut to judge how steady it is.
const windows = 10

// tally counts the calls of one step.
type tally struct {
	begin   time.Time
	warm    time.Duration // calls that should begin before it do not count
	patient bool          // time-outs and refusals are no failures in a row
	calls   sync.WaitGroup

	mu       sync.Mutex
	step     Step
	inFlight int
	ends     []time.Duration // of calls that ended well, since begin
	service  times
	response times
	lag      times
	waited   times
	inARow   int
	last     error
	samples  []sample
	logged   *hdrhistogram.Histogram
}

func newTally(rate float64, warm time.Duration) *tally {
	return &tally{begin: time.Now(), warm: warm, step: Step{Rate: rate, Errors: map[string]uint64{}},
		service: newTimes(), response: newTimes(), lag: newTimes(), waited: newTimes(), logged: newLogged()}
}

// started makes a call that should begin at an instant of the step count as in
// flight, and reports false if there are most already.
func (t *tally) started(most int, at time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	counts := at >= t.warm
	if t.inFlight >= most {
		if counts {
			t.step.Unsent++
		}
		return false
	}
	t.inFlight++
	if counts {
		t.step.Most = max(t.step.Most, t.inFlight)
		t.step.Sent++
	}
	return true
}

func (t *tally) ended(intended, begun time.Time, err error) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.inFlight--
	rejected, canceled := errors.Is(err, adaptive.ErrRejected), errors.Is(err, context.Canceled)
	timedOut := err != nil && kind(err) == timeout
	status, _ := err.(Status)
	refused := status.Refused()
	switch {
	case err == nil:
		t.inARow = 0
		t.ends = append(t.ends, now.Sub(t.begin))
	case rejected, canceled, t.patient && (timedOut || refused):
	default:
		t.inARow++
		t.last = err
	}
	if intended.Sub(t.begin) < t.warm {
		return
	}
	if rejected || canceled { // of a run that is over, nobody knows what would have come
		t.step.Sent--
		if rejected {
			t.step.Rejected++
		}
		return
	}
	t.lag.add(begun.Sub(intended))
	if err == nil || timedOut {
		t.waited.add(now.Sub(intended))
	}
	if err != nil {
		t.step.Errors[kind(err)]++
		if refused {
			t.step.Refused++
		}
		return
	}
	t.step.OK++
	t.service.add(now.Sub(begun))
	t.response.add(now.Sub(intended))
	_ = t.logged.RecordValue(min(max(int64(now.Sub(intended)), 1), int64(MostTime))) // within its range
	t.samples = append(t.samples, sample{at: intended.Sub(t.begin), took: now.Sub(intended)})
}

// failing is how many calls in a row have failed, and why the last did.
func (t *tally) failing() (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.inARow, t.last
}

// tight reports whether p99 is known to ± 10 % and throughput to ± 5 %, each with a
// confidence of 95 %.
func (t *tally) tight(elapsed time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := float64(t.response.N())
	// The rank of a quantile is binomial, and so about normal.
	reach := 1.96 * math.Sqrt(0.99*0.01/max(n, 1))
	if 0.99+reach >= 1 {
		return false
	}
	low, high := t.response.Quantile(0.99-reach), t.response.Quantile(0.99+reach)
	if (high-low)/2 > 0.1*t.response.Quantile(0.99) {
		return false
	}
	mean, deviation := steadiness(t.ends, max(t.warm, elapsed/5), elapsed)
	const t9 = 2.26 // Student's t for nine degrees of freedom
	return t9*deviation/math.Sqrt(windows) <= 0.05*mean
}

// steadiness is of the number of calls that ended in each tenth of the time since
// from.
func steadiness(ends []time.Duration, from, elapsed time.Duration) (mean, deviation float64) {
	var counts [windows]float64
	for _, e := range ends {
		if i := int(windows * (e - from) / max(elapsed-from, 1)); e >= from && i < windows {
			counts[i]++
		}
	}
	for _, c := range counts {
		mean += c / windows
	}
	for _, c := range counts {
		deviation += (c - mean) * (c - mean) / (windows - 1)
	}
	return mean, math.Sqrt(deviation)
}

// result is the step once no call is in flight.
func (t *tally) result(elapsed time.Duration) Step {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.step
	s.For = elapsed
	s.begun, s.logged = t.begin, t.logged
	from := max(t.warm, elapsed/5)
	mean, _ := steadiness(t.ends, from, elapsed)
	if elapsed > from {
		s.Goodput = mean * windows / (elapsed - from).Seconds()
		s.Begun = float64(s.Sent+s.Rejected+s.Unsent) / (elapsed - t.warm).Seconds()
	}
	s.Service, s.Response, s.Lag, s.Waited = t.service.sum(), t.response.sum(), t.lag.sum(), t.waited.sum()
	s.Trend = trendOf(t.samples, from, elapsed)
	s.Lag.Points, s.Response.Points, s.Waited.Points = nil, nil, nil
	return s
}

// times counts durations to within half a percent.
type times struct {
	*hist.Counts
	max, total time.Duration
}

func newTimes() times { return times{Counts: hist.New(uint64(MostTime), 7)} }

func (t *times) add(d time.Duration) {
	d = max(d, 0)
	t.Add(uint64(d), 1)
	t.max = max(t.max, d)
	t.total += d
}

func (t *times) sum() Times {
	n := t.N()
	if n == 0 {
		return Times{}
	}
	at := func(q float64) time.Duration { return min(time.Duration(t.Quantile(q)), t.max) }
	s := Times{Mean: t.total / time.Duration(n), P50: at(0.5), P90: at(0.9), P99: at(0.99), Max: t.max}
	const points = 200
	for i := range points {
		s.Points = append(s.Points, at((float64(i)+0.5)/points))
	}
	return s
}
