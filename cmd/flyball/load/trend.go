package load

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// A Trend is how response times went while a rate was held. A target that is given
// a little more than it can do answers nearly as often as it is asked, for the time
// of a step; what gives it away is that each call waits longer than the one before.
type Trend struct {
	From time.Duration `json:"from"` // p50 of calls that should have begun in the first third, the first fifth of the step left out
	To   time.Duration `json:"to"`   // … in the last third
	Z    float64       `json:"z"`    // of the Mann-Whitney test of both: over 3 is no chance, if calls are independent
}

// What a Trend must be to count. Calls are not independent, as each meets the queue
// of those before, so that a difference has to be large as well as sure.
const (
	sure   = 3
	larger = 1.25
)

// Rises reports whether response times did.
func (t Trend) Rises() bool { return t.Z > sure && float64(t.To) > larger*float64(t.From) }

// sample is the response time of a call that should have begun at an instant of the
// step.
type sample struct {
	at, took time.Duration
	late     bool // of the last third
}

// trendOf compares the first third of samples between from and elapsed with the
// last. It orders samples anew.
func trendOf(samples []sample, from, elapsed time.Duration) (t Trend) {
	third := (elapsed - from) / 3
	var both []sample
	for _, s := range samples {
		switch {
		case s.at >= from && s.at < from+third:
			both = append(both, sample{took: s.took})
		case s.at >= elapsed-third:
			both = append(both, sample{took: s.took, late: true})
		}
	}
	slices.SortFunc(both, func(a, b sample) int { return cmp.Compare(a.took, b.took) })
	// The rank sum of the late ones; equal values share the mean of their ranks.
	var parts [2][]time.Duration
	ranks := 0.0
	for i := 0; i < len(both); {
		j := i
		for j < len(both) && both[j].took == both[i].took {
			j++
		}
		for _, s := range both[i:j] {
			if s.late {
				parts[1] = append(parts[1], s.took)
				ranks += float64(i+1+j) / 2
			} else {
				parts[0] = append(parts[0], s.took)
			}
		}
		i = j
	}
	early, late := float64(len(parts[0])), float64(len(parts[1]))
	if early == 0 || late == 0 {
		return t
	}
	u := ranks - late*(late+1)/2
	t.From, t.To = parts[0][len(parts[0])/2], parts[1][len(parts[1])/2]
	t.Z = (u - early*late/2) / math.Sqrt(early*late*(early+late+1)/12)
	return t
}
