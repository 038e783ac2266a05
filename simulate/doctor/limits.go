package doctor

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// limits checks the numbers of the limiter.
func (c *Chart) limits(f *findings) {
	e, given, l := c.Environment.WithDefaults(), c.Limiter, c.Limiter.WithDefaults()
	fixed, isFixed := fixedLimit(l.Law)

	if e.Deadline < e.Latency {
		f.add(Contradicts, "environment.deadline", fmt.Sprintf("%v is below the usual latency of %v: more than half of the calls time out with nothing wrong", e.Deadline, e.Latency), "")
	}
	if need := e.Traffic * float64(e.Replicas) * e.Latency.Seconds(); need > float64(e.Capacity) {
		f.add(Note, "environment.capacity", fmt.Sprintf("%s calls/s × %s × %v need %s at once, above %d: the downstream is always overloaded, and %.0f %% of the calls are rejected or late at best",
			number(e.Traffic), replicas(e.Replicas), e.Latency, number(math.Ceil(need)), e.Capacity, 100*(1-float64(e.Capacity)/need)), "")
	}
	if isFixed {
		if n := fixed * e.Replicas; n > e.Capacity {
			f.add(Contradicts, "limiter.law", fmt.Sprintf("fixed:%d × %s = %d, above the capacity of %d: a limit that is never reached before the downstream queues", fixed, replicas(e.Replicas), n, e.Capacity), atMost("a fixed limit", e.share()))
		}
	} else {
		if n := l.Min * e.Replicas; n > e.Capacity {
			f.chosen(given.Min > 0, Contradicts, "limiter.min", fmt.Sprintf("%d × %s = %d, above the capacity of %d: with all limits at their floor the downstream is still overloaded, and no law can go lower", l.Min, replicas(e.Replicas), n, e.Capacity), atMost("min", e.share()))
		}
		if n := l.Initial * e.Replicas; n > e.Capacity && l.Initial > l.Min {
			// A queue that is served in time is what a limit is there for.
			kind, last := Note, seconds(float64(n)/float64(e.Capacity)*e.Latency.Seconds())
			if last > e.Deadline {
				kind = Contradicts
			}
			f.chosen(given.Initial > 0, kind, "limiter.initial", fmt.Sprintf("%d × %s = %d, above the capacity of %d: a deploy of all replicas begins with a queue, whose last call ends after %v of the deadline of %v",
				l.Initial, replicas(e.Replicas), n, e.Capacity, short(last), e.Deadline), atMost("initial", e.share()))
		}
	}
	if e.Pool > 0 {
		c.pool(f, &e, fixed, isFixed)
	}
	c.queue(f, &e)
	if x := c.Expected; x.P99 > 0 && x.P99 < e.Latency {
		f.add(Contradicts, "expected.p99", fmt.Sprintf("%v is below the usual latency of %v without any load: reality is always outside of the envelope", x.P99, e.Latency), fmt.Sprintf("above %v, or tune again", e.Latency))
	}
	if x := c.Expected; x.MinLimit > l.Max {
		f.add(Contradicts, "expected.min-limit", fmt.Sprintf("%d is above limiter.max %d: the limit is always outside of the envelope", x.MinLimit, l.Max), "tune again")
	}
}

// pool checks that every admitted call finds a connection. One that does not waits
// for it where the limiter takes the wait for the downstream's latency.
func (c *Chart) pool(f *findings, e *Environment, fixed int, isFixed bool) {
	const why = "the calls above wait in the client for a connection, and the limiter takes that for a slow downstream"
	given, l := c.Limiter, c.Limiter.WithDefaults()
	instead := fmt.Sprintf("at most %d, or a larger pool", e.Pool)
	switch {
	case isFixed && fixed > e.Pool:
		f.add(Contradicts, "limiter.law", fmt.Sprintf("fixed:%d is above the client's pool of %d connections: %s", fixed, e.Pool, why), instead)
	case isFixed:
	case l.Min > e.Pool:
		f.add(Contradicts, "limiter.min", fmt.Sprintf("%d is above the client's pool of %d connections: %s", l.Min, e.Pool, why), instead)
	case l.Max > e.Pool:
		f.chosen(given.Max > 0, Contradicts, "limiter.max", fmt.Sprintf("%d is above the client's pool of %d connections: %s", l.Max, e.Pool, why), instead)
	}
}

// queue checks that who waits has a chance.
func (c *Chart) queue(f *findings, e *Environment) {
	given, l := c.Limiter, c.Limiter.WithDefaults()
	left := e.Deadline - e.Latency
	if l.Queue > 0 && left > 0 {
		rate := math.Min(e.share(), float64(l.Max)) / e.Latency.Seconds()
		wait := seconds(float64(l.Queue) / rate)
		if useful := math.Floor(rate * left.Seconds()); wait > left {
			f.chosen(given.Queue > 0, Contradicts, "limiter.queue", fmt.Sprintf("%d places ÷ %s calls/s (%d of capacity ÷ %s ÷ %v) = %v for the last in line, above the deadline of %v less %v for the call",
				l.Queue, number(rate), e.Capacity, replicas(e.Replicas), e.Latency, short(wait), e.Deadline, e.Latency), fmt.Sprintf("at most %s", number(math.Max(useful, 1))))
		}
	}
	if l.Queue > 0 && l.MaxWait > 0 && l.MaxWait > left {
		f.add(Contradicts, "limiter.max-wait", fmt.Sprintf("%v + %v of latency = %v, above the deadline of %v: who waited that long is answered too late", l.MaxWait, e.Latency, l.MaxWait+e.Latency, e.Deadline), fmt.Sprintf("at most %v", max(left, 0)))
	}
	if l.Queue < 0 && l.MaxWait > 0 {
		f.add(NeverFires, "limiter.max-wait", fmt.Sprintf("%v bounds a wait that there is none: limiter.queue is −1", l.MaxWait), "leave it out, or have a queue")
	}
}

// atMost is what a limit of one replica should be for all to fit.
func atMost(what string, share float64) string {
	if share < 1 {
		return "there are more replicas than the downstream takes calls: fewer replicas, or one limiter for several"
	}
	return fmt.Sprintf("%s of at most %s", what, number(math.Floor(share)))
}

// fixedLimit is the N of fixed:N.
func fixedLimit(law string) (int, bool) {
	text, is := strings.CutPrefix(law, "fixed:")
	if !is {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}

func replicas(n int) string {
	if n == 1 {
		return "1 replica"
	}
	return fmt.Sprintf("%d replicas", n)
}

func seconds(s float64) time.Duration {
	return time.Duration(math.Min(s*float64(time.Second), math.MaxInt64/2))
}
