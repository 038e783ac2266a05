package doctor

import (
	"fmt"
	"math"
	"time"

	"github.com/flyball-go/flyball/breaker"
)

// trips checks the rules of the breaker.
func (c *Chart) trips(f *findings) {
	if c.Breaker == nil {
		return
	}
	e, given, b := c.Environment.WithDefaults(), *c.Breaker, c.Breaker.WithDefaults()
	if b.Rate > 0 || b.SlowRate > 0 {
		c.volume(f, &e, given, b)
	}
	if b.SlowRate > 0 && b.SlowAfter > 0 {
		switch {
		case b.SlowAfter <= e.Latency:
			f.add(Oscillates, "breaker.slow-after", fmt.Sprintf("%v is not above the usual latency of %v without any load: at least half of the calls are slow with nothing wrong, and slow-rate %v trips for ever", b.SlowAfter, e.Latency, b.SlowRate), fmt.Sprintf("well above %v", e.Latency))
		case b.SlowAfter > e.Deadline:
			f.add(NeverFires, "breaker.slow-after", fmt.Sprintf("%v is above the deadline of %v: no call lives to be that slow", b.SlowAfter, e.Deadline), fmt.Sprintf("at most %v", e.Deadline))
		}
	}
	if b.SlowAfter > 0 && given.SlowAfter > 0 && b.SlowRate <= 0 {
		f.add(NeverFires, "breaker.slow-after", fmt.Sprintf("%v is for a rule that is off: breaker.slow-rate is not set", b.SlowAfter), "set slow-rate, or leave it out")
	}
	if b.Consecutive > 0 {
		if took := seconds(float64(b.Consecutive) / e.Quiet); took > e.Outage {
			f.add(NeverFires, "breaker.consecutive", fmt.Sprintf("%d failures ÷ %s calls/s at the quietest time = %v, above the %v of the shortest outage that counts", b.Consecutive, number(e.Quiet), short(took), e.Outage), fmt.Sprintf("at most %s", number(math.Max(1, math.Floor(e.Quiet*e.Outage.Seconds())))))
		}
	}
	if b.Silence > e.Outage {
		f.add(NeverFires, "breaker.silence", fmt.Sprintf("%v is above the %v of the shortest outage that counts", b.Silence, e.Outage), fmt.Sprintf("well below %v", e.Outage))
	}
	if b.ProbeWithin > 0 && b.ProbeWithin < e.Latency {
		f.add(Wedges, "breaker.probe-within", fmt.Sprintf("%v is below the usual latency of %v: probes of a healthy downstream are late, and the breaker never closes", b.ProbeWithin, e.Latency), fmt.Sprintf("above %v", max(e.Deadline, 2*e.Latency)))
	}
	if e.Recovery > 0 && b.Open.Max < e.Recovery {
		n, last := probes(b.Open, e.Recovery)
		f.chosen(given.Open.Base > 0 || given.Open.Max > 0, Contradicts, "breaker.open", fmt.Sprintf("open times grow from %v to %v, below the %v that the downstream takes to come back: %d phases of probes meet it before it is up, one every %v at the end",
			b.Open.Base, b.Open.Max, e.Recovery, n, short(last)), fmt.Sprintf("max of at least %v", e.Recovery))
	}
}

// volume checks that a window can have as many results as a share is judged by.
func (c *Chart) volume(f *findings, e *Environment, given, b breaker.Config) {
	results := e.Quiet * b.Window.Seconds()
	if results >= float64(b.MinVolume) {
		return
	}
	says := fmt.Sprintf("%s calls/s at the quietest time × a window of %v = %s results, below %d: no share of failures is ever judged then", number(e.Quiet), b.Window, number(results), b.MinVolume)
	instead := fmt.Sprintf("min-volume of at most %s, or a window of %v", number(math.Max(1, math.Floor(results))), roundUp(seconds(float64(b.MinVolume)/e.Quiet)))
	if given.MinVolume == 0 && given.Window == 0 && b.Silence > 0 {
		instead = "silence and at-floor do not depend on it"
	}
	f.chosen(given.MinVolume > 0 || given.Window > 0, NeverFires, "breaker.min-volume", says, instead)
}

// probes is how many phases of probes a breaker sends within d after it opened, and
// the open time before the last.
func probes(b breaker.Backoff, d time.Duration) (n int, last time.Duration) {
	last = b.Base
	for at := last; at < d; at += last {
		n++
		last = min(time.Duration(float64(last)*b.Factor), b.Max)
		if n == math.MaxInt32 {
			break
		}
	}
	return n, last
}

// gobreaker checks a breaker of sony/gobreaker, whose counts a window clears.
func (c *Chart) gobreaker(f *findings) {
	if c.Gobreaker == nil {
		return
	}
	e, given, g := c.Environment.WithDefaults(), *c.Gobreaker, c.Gobreaker.withDefaults()
	if g.Interval > 0 && g.ConsecutiveFailures > 0 {
		// Calls at both ends of the window, and all in between.
		if most := math.Floor(e.Quiet*g.Interval.Seconds()) + 1; most < float64(g.ConsecutiveFailures) {
			how := "the counts start anew"
			if g.BucketPeriod > 0 {
				how = "the window forgets older ones, consecutive failures too"
			}
			f.add(NeverFires, "gobreaker.consecutive-failures", fmt.Sprintf("%d failures in a row are wanted, but at the quietest time of %s calls/s an interval of %v holds %s at most, and then %s", g.ConsecutiveFailures, number(e.Quiet), g.Interval, number(most), how),
				fmt.Sprintf("interval 0, or at least %v; or breaker.consecutive of this library, which no window clears", roundUp(seconds(float64(g.ConsecutiveFailures)/e.Quiet))))
		}
	}
	if g.Interval > 0 && g.FailureRatio > 0 {
		if results := e.Quiet * g.Interval.Seconds(); results < float64(g.MinRequests) {
			f.add(NeverFires, "gobreaker.min-requests", fmt.Sprintf("%s calls/s at the quietest time × an interval of %v = %s results, below %d", number(e.Quiet), g.Interval, number(results), g.MinRequests),
				fmt.Sprintf("at most %s, or an interval of %v", number(math.Max(1, math.Floor(results))), roundUp(seconds(float64(g.MinRequests)/e.Quiet))))
		}
	}
	if g.Timeout < e.Recovery {
		f.chosen(given.Timeout > 0, Contradicts, "gobreaker.timeout", fmt.Sprintf("open for %v, below the %v that the downstream takes to come back: it is probed %d times before it is up", g.Timeout, e.Recovery, int(e.Recovery/g.Timeout)), fmt.Sprintf("at least %v", e.Recovery))
	}
}

// roundUp rounds up to whole seconds, or milliseconds if it is short.
func roundUp(d time.Duration) time.Duration {
	unit := time.Second
	if d < time.Second {
		unit = time.Millisecond
	}
	return (d + unit - 1) / unit * unit
}
