package adaptive

import (
	"encoding/json"
	"time"
)

// A Reporter tells how it is, for metrics and for people: a *[Limiter], a
// *[Keyed], or a guard in front of a Limiter, such as a circuit breaker.
type Reporter interface{ Report() Report }

// A Report is what a guard is and what it did since it was made, at one moment. Of a
// Keyed, numbers are sums over its Limiters, counters over those evicted, too.
type Report struct {
	Name     string
	Law      string // as ParseLaw reads it, if it is a built-in one
	Min, Max int    // bounds of the limit
	Queue    int    // how many calls may wait
	Observe  bool   // whether it admits all the same
	At       Instant
	Stats    Stats

	Median, P99 time.Duration // round trips of late, see Limiter.Usual; 0 if unknown
	Outside     string        // see Decision.Outside, of the last decision

	Breaker *BreakerReport // nil if there is none
}

// A BreakerReport is where a circuit breaker in front of a Limiter stands and what it did.
type BreakerReport struct {
	State  string   // one of States
	States []string // all that there are
	Opened uint64   // how often it opened by itself
	Passes bool     // calls pass to the Limiter
}

// Report implements [Reporter].
func (l *Limiter) Report() Report {
	c := l.config.Load()
	r := Report{Name: c.Name, Law: c.Law, Min: c.Min, Max: c.Max, Queue: max(0, c.Queue), Observe: c.Observe, At: l.Now(), Stats: l.Stats()}
	r.Median, r.P99 = l.Usual()
	l.control.mu.Lock()
	if d, ok := l.control.decisions.last(); ok {
		r.Outside = d.Outside
	}
	l.control.mu.Unlock()
	return r
}

// Report implements [Reporter]. Its round trips are those of the slowest key.
func (k *Keyed[K]) Report() Report {
	now := k.now() // the clock may be the user's
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.c.Limiter
	r := Report{Name: c.Name, Law: c.Law, Observe: c.Observe, At: now, Stats: k.gone}
	r.Stats.Rejected[RejectKeys] += k.rejected.Load()
	r.Stats.Blocked += k.rejected.Load()
	k.keys.Range(func(_, g any) bool {
		r.add(g.(*keyGuard[K]).lim.Report())
		return true
	})
	return r
}

func (r *Report) add(o Report) {
	r.Law = o.Law
	r.Min, r.Max, r.Queue = r.Min+o.Min, r.Max+o.Max, r.Queue+o.Queue
	r.Median, r.P99 = max(r.Median, o.Median), max(r.P99, o.P99)
	if r.Outside == "" && o.Outside != "" {
		r.Outside = o.Name + ": " + o.Outside
	}
	s := &r.Stats
	s.Limit, s.InFlight, s.Waiting = s.Limit+o.Stats.Limit, s.InFlight+o.Stats.InFlight, s.Waiting+o.Stats.Waiting
	s.RetryAfter, s.TimedOneIn = max(s.RetryAfter, o.Stats.RetryAfter), max(s.TimedOneIn, o.Stats.TimedOneIn)
	s.count(o.Stats)
}

// count adds the counters of o.
func (s *Stats) count(o Stats) {
	for i, n := range o.Ended {
		s.Ended[i] += n
	}
	for i, n := range o.Rejected {
		s.Rejected[i] += n
	}
	for i, n := range o.WouldReject {
		s.WouldReject[i] += n
	}
	s.Blocked += o.Blocked
	s.LateEnds += o.LateEnds
	s.DecisionsDropped += o.DecisionsDropped
	s.DecisionPanics += o.DecisionPanics
}

// MarshalJSON writes the report with counts by name, those of 0 left out, and
// durations in seconds.
func (r Report) MarshalJSON() ([]byte, error) {
	type breaker struct {
		State  string `json:"state"`
		Passes bool   `json:"passes"`
		Opened uint64 `json:"opened"`
	}
	s := &r.Stats
	out := struct {
		Name        string            `json:"name"`
		Law         string            `json:"law"`
		At          float64           `json:"at_seconds"` // on its clock
		Limit       int               `json:"limit"`
		Min         int               `json:"min"`
		Max         int               `json:"max"`
		InFlight    int               `json:"in_flight"`
		Waiting     int               `json:"waiting"`
		Queue       int               `json:"queue"`
		Observe     bool              `json:"observe,omitempty"`
		RetryAfter  float64           `json:"retry_after_seconds,omitempty"`
		Median      float64           `json:"median_seconds,omitempty"`
		P99         float64           `json:"p99_seconds,omitempty"`
		Ended       map[string]uint64 `json:"ended"`
		Rejected    map[string]uint64 `json:"rejected"`
		WouldReject map[string]uint64 `json:"would_reject,omitempty"`
		Blocked     uint64            `json:"blocked"`
		LateEnds    uint64            `json:"late_ends,omitempty"`
		Dropped     uint64            `json:"decisions_dropped,omitempty"`
		Panics      uint64            `json:"decision_panics,omitempty"`
		Outside     string            `json:"outside,omitempty"`
		Breaker     *breaker          `json:"breaker,omitempty"`
	}{
		r.Name, r.Law, r.At.Seconds(), s.Limit, r.Min, r.Max, s.InFlight, s.Waiting, r.Queue, r.Observe,
		s.RetryAfter.Seconds(), r.Median.Seconds(), r.P99.Seconds(),
		byName[Outcome](s.Ended[:]), byName[RejectReason](s.Rejected[:]), byName[RejectReason](s.WouldReject[:]),
		s.Blocked, s.LateEnds, s.DecisionsDropped, s.DecisionPanics, r.Outside, nil,
	}
	if b := r.Breaker; b != nil {
		out.Breaker = &breaker{b.State, b.Passes, b.Opened}
	}
	return json.Marshal(out)
}

func byName[N interface {
	~uint8
	String() string
}](counts []uint64) map[string]uint64 {
	m := map[string]uint64{}
	for i, n := range counts {
		if n > 0 {
			m[N(i).String()] = n
		}
	}
	return m
}
