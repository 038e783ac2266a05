package doctor

import (
	"fmt"
	"math"
	"time"

	"github.com/flyball-go/flyball/simulate"
)

// An Outage is what became of the guard in one, played in virtual time. Rates are
// of all calls that were played, which are those of a few replicas.
type Outage struct {
	Name    string   `json:"name"`
	What    string   `json:"what"`            // happens, in words
	Before  float64  `json:"before"`          // goodput per second before it, or what there should be
	After   float64  `json:"after"`           // goodput per second at the end
	Opened  int      `json:"opened"`          // how often the breaker of the first replica did
	Tripped *float64 `json:"tripped"`         // seconds from the start to the first time it opened; nil if it did not
	Back    *float64 `json:"back"`            // seconds from the end to nine tenths of Before; nil if that was not reached
	Share   float64  `json:"share,omitempty"` // of the traffic and the capacity that were played, if not all
	Closed  bool     `json:"closed"`          // the breaker is closed at the end, or there is none
}

// String sums it up in a line.
func (o Outage) String() string {
	s := fmt.Sprintf("%s: %s", o.Name, o.What)
	switch {
	case o.Tripped != nil:
		s += fmt.Sprintf("; opens after %s s, %d times in all", number(*o.Tripped), o.Opened)
	case o.Opened > 0:
		s += fmt.Sprintf("; opens %d times", o.Opened)
	}
	if o.Back != nil {
		s += fmt.Sprintf("; back after %s s", number(*o.Back))
	}
	return s + fmt.Sprintf("; %s of %s calls/s at the end", number(o.After), number(o.Before))
}

// trial is an outage before it is played.
type trial struct {
	name, what string
	quiet      bool
	cold       bool // there is no time before it
	must       bool // the breaker has to open
	faults     func(at, length time.Duration) []simulate.Fault
}

func all(kind simulate.FaultKind, value float64) func(at, length time.Duration) []simulate.Fault {
	return func(at, length time.Duration) []simulate.Fault {
		return []simulate.Fault{{Kind: kind, Value: value, At: at, For: length}}
	}
}

const (
	flaps     = 4
	flapShare = 3 // of the time between two beginnings
)

var trials = []trial{
	{name: "healthy", what: "nothing is wrong"},
	{name: "cold start", what: "full traffic from the first instant", cold: true},
	{name: "errors", what: "every call fails at once", must: true, faults: all(simulate.Errors, 1)},
	{name: "hang", what: "no call is answered", must: true, faults: all(simulate.Blackhole, 1)},
	{name: "slow-down", what: "calls take ten times as long", faults: all(simulate.Slow, 10)},
	{name: "flapping", what: "every call fails for a third of the time", faults: func(at, length time.Duration) []simulate.Fault {
		var out []simulate.Fault
		for i := range flaps {
			step := length / flaps
			out = append(out, simulate.Fault{Kind: simulate.Errors, Value: 1, At: at + time.Duration(i)*step, For: step / flapShare})
		}
		return out
	}},
	{name: "quiet time", what: "every call fails at once, when there are fewest", quiet: true, must: true, faults: all(simulate.Errors, 1)},
}

const (
	mostPlayed = 400_000 // calls of one outage
	mostFleet  = 4       // replicas that are played
	servedAt   = 0.9     // of the goodput before is back
	wedgedAt   = 0.7     // of it at the end is not
	spread     = 0.4     // sigma of the logarithm of the service times
)

// stage is a trial as a scenario.
type stage struct {
	sc         *simulate.Scenario
	start, end time.Duration // of the outage
	share      float64
	possible   float64 // calls per second that can be served
}

// set puts a trial on stage for c.
func (c *Chart) set(t trial) stage {
	e, l := c.Environment.WithDefaults(), c.Limiter.WithDefaults()
	window, open := 10*time.Second, 2*time.Second
	if c.Breaker != nil {
		b := c.Breaker.WithDefaults()
		window, open = b.Window, b.Open.Max
	}
	replicas := min(e.Replicas, mostFleet)
	capacity := math.Max(1, math.Round(e.share()*float64(replicas)))
	rate := e.Traffic * float64(replicas)
	if t.quiet {
		rate = e.Quiet * float64(replicas)
	}
	calm := max(20*time.Second, 60*e.Latency, 2*window)
	length := max(e.Outage, e.Recovery)
	if t.cold || t.faults == nil {
		length = 0
	}
	after := max(60*time.Second, 60*e.Latency, 4*open, 10*e.Deadline, seconds(20/rate))
	if t.cold {
		calm = 0
	}
	total := calm + length + after
	s := stage{start: calm, end: calm + length, share: 1}
	if calls := rate * total.Seconds(); calls > mostPlayed {
		s.share = mostPlayed / calls
		if n := float64(replicas) * s.share; n >= 1 {
			s.share = math.Round(n) / float64(replicas)
			replicas = int(math.Round(n))
		} else {
			replicas = 1
		}
		rate, capacity = rate*s.share, math.Max(1, math.Round(capacity*s.share))
	}
	service := time.Duration(float64(e.Latency) * math.Exp(spread*spread/2)) // so that Latency is the median
	s.possible = math.Min(rate, capacity/service.Seconds())
	s.sc = &simulate.Scenario{
		Name: t.name, Seed: 1, Duration: total, Timeout: e.Deadline, Clients: simulate.Clients{Count: replicas},
		Load:       []simulate.Phase{{Arrivals: simulate.Poisson, Rate: simulate.Rate{Value: rate}}},
		Downstream: simulate.Downstream{Servers: []simulate.Step{{Servers: int(capacity)}}, Queue: -1, Service: simulate.Distribution{Kind: simulate.Lognormal, Mean: service, Shape: spread}},
	}
	if l.Queue > 0 {
		s.sc.Wait = simulate.Wait{Queue: l.Queue, Max: l.MaxWait}
	}
	if t.faults != nil {
		s.sc.Faults = t.faults(s.start, length)
	}
	return s
}

// watch reads off a run what became of the guard.
func (s *stage) watch(t trial, r *simulate.Result) Outage {
	o := Outage{Name: t.name, What: t.what, Before: s.possible, Closed: true}
	if s.share < 1 {
		o.Share = s.share
	}
	bin := r.Series.Bin
	at := func(d time.Duration) int { return int(math.Round(d.Seconds() / bin)) }
	if from, to := at(s.start)/2, at(s.start); to > from {
		o.Before = mean(r.Series.Goodput[from:to])
	}
	n := len(r.Series.Goodput)
	o.After = mean(r.Series.Goodput[n-max(1, (n-at(s.end))/3):])
	const smooth = 5 // bins
	for i := at(s.end); i+smooth <= n; i++ {
		if mean(r.Series.Goodput[i:i+smooth]) >= servedAt*o.Before {
			took := max(0, float64(i)*bin-s.end.Seconds())
			o.Back = &took
			break
		}
	}
	if r.History == nil {
		return o
	}
	for _, trip := range r.History.Trips {
		if trip.Client != 0 {
			continue
		}
		o.Closed = trip.State == "closed"
		if trip.State != "open" {
			continue
		}
		o.Opened++
		if took := trip.At - s.start.Seconds(); o.Tripped == nil && took >= 0 && s.end > s.start {
			o.Tripped = &took
		}
	}
	return o
}

func mean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum / math.Max(1, float64(len(xs)))
}
