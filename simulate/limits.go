package simulate

import (
	"math"
	"time"
)

// Excess is what becomes of calls beyond a limit of the downstream.
type Excess string

const (
	Refuse  Excess = "refuse"  // refused at once; the zero Excess means this too
	Swallow Excess = "swallow" // never answered
)

func (e Excess) check(c *checker, path string) {
	c.must(e == "" || e == Refuse || e == Swallow, path, "is %q, must be refuse or swallow", e)
}

// A HardLimit is how many calls the downstream takes at a time, in service and in
// its queue, without telling anybody. The zero HardLimit is none.
type HardLimit struct {
	InFlight int    `json:"inFlight"`       // 0 means no limit
	Then     Excess `json:"then,omitempty"` // of a call beyond it
}

func (l *HardLimit) check(c *checker, path string) {
	if *l == (HardLimit{}) {
		return
	}
	c.count(l.InFlight, 1, maxServers, path+".in-flight")
	l.Then.check(c, path+".then")
}

func (l *HardLimit) cap(n int) int {
	if l.InFlight > 0 {
		return min(n, l.InFlight)
	}
	return n
}

// RateLimit is a token bucket that the downstream does not tell about until it is
// empty. The zero RateLimit is none.
type RateLimit struct {
	Rate       float64       `json:"rate"`           // calls per second; 0 means no limit
	Burst      int           `json:"burst"`          // size of the bucket; 0 means one second's worth
	RetryAfter time.Duration `json:"retryAfter"`     // what a refusal asks for; 0 means nothing
	Then       Excess        `json:"then,omitempty"` // of a call without a token
}

func (l *RateLimit) check(c *checker, path string) {
	if *l == (RateLimit{}) {
		return
	}
	c.positive(l.Rate, path+".rate")
	c.count(l.Burst, 0, 1<<30, path+".burst")
	c.timeOrNone(l.RetryAfter, path+".retry-after")
	l.Then.check(c, path+".then")
	c.must(l.Then != Swallow || l.RetryAfter == 0, path+".retry-after", "is set, but a call that is swallowed has no answer to say so")
}

// perNano is the rate in calls per nanosecond.
func (l *RateLimit) perNano() float64 {
	if l.Rate > 0 {
		return l.Rate / float64(time.Second)
	}
	return math.Inf(1)
}
