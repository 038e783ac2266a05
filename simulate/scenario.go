package simulate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/flyball-go/flyball/breaker"
)

// A Scenario is an experiment: who calls, what they call, and what goes wrong.
// It is plain data. [Load] and [Parse] read it from YAML and check it; one made
// in Go is checked by [Scenario.Validate].
type Scenario struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Seed        uint64          `json:"seed"`              // of every random stream; 0 means 1
	Duration    time.Duration   `json:"duration"`          // virtual time; the run stops there, whatever is still in flight
	Load        []Phase         `json:"load"`              // one after the other
	Classes     []Class         `json:"classes,omitempty"` // none means that all calls are alike
	Clients     Clients         `json:"clients"`
	Timeout     time.Duration   `json:"timeout"` // patience of a caller, from arrival to answer; 0 means for ever
	Wait        Wait            `json:"wait"`
	Retries     Retries         `json:"retries"`
	Downstream  Downstream      `json:"downstream"`
	Faults      []Fault         `json:"faults,omitempty"`
	Changes     []time.Duration `json:"changes,omitempty"` // instants after which convergence is timed
	Breaker     breaker.Config  `json:"breaker,omitzero"`  // of every guard that is named and has one
	Guards      []string        `json:"guards,omitempty"`  // under test; none means [DefaultGuards]
	Assert      []Assertion     `json:"assert,omitempty"`  // what must be true of the runs, see [Check]
}

// Wait is the queue in front of a client's limiter. The zero Wait is none: a
// call that finds no free place is rejected at once.
type Wait struct {
	Queue int           `json:"queue"` // how many calls of a client may wait
	Max   time.Duration `json:"max"`   // how long one may wait; 0 means until its time-out
}

// Retries is how callers come back after a failure, a refusal or a time-out. The
// k-th retry waits Backoff × 2^(k−1), times a factor drawn from 0.5 to 1.5. A
// call that our own guard rejected is not retried.
type Retries struct {
	Count   int           `json:"count"`   // retries of one call at most; 0 means none
	Backoff time.Duration `json:"backoff"` // 0 means a twentieth of the time-out
	Budget  float64       `json:"budget"`  // tokens that a success earns; a retry costs 1, at most 10 are kept; 0 means no budget
}

// Downstream is what is called: servers behind a queue, at the end of a network.
// It goes on working on calls whose caller has left.
type Downstream struct {
	Servers   []Step        `json:"servers"` // parallel servers from an instant on; the first at 0
	Service   Distribution  `json:"service"` // of one call that has a server for itself; none if all classes have their own
	Queue     int           `json:"queue"`   // places in front of the servers, beyond which calls are refused; 0 means none, −1 no bound
	Order     Order         `json:"order"`
	Network   time.Duration `json:"network"`   // round trip
	USL       USL           `json:"usl"`       // how service slows down with concurrency
	DropStale bool          `json:"dropStale"` // throw out a queued call whose caller has left when its turn comes
	RateLimit RateLimit     `json:"rateLimit"`
	HardLimit HardLimit     `json:"hardLimit,omitzero"`
	Latency   LatencyModel  `json:"latency,omitzero"` // in place of servers, service and queue
}

// Step is a number of servers from an instant on.
type Step struct {
	At      time.Duration `json:"at"`
	Servers int           `json:"servers"`
}

// Order is which of the waiting calls a free server takes.
type Order string

const (
	FIFO Order = "fifo" // the one that came first; the zero Order means this too
	LIFO Order = "lifo" // the one that came last
	PS   Order = "ps"   // processor sharing: none waits, all share the servers evenly
)

// USL makes a service time depend on the n calls in service when it starts:
// times 1 + Sigma·(n−1) + Kappa·n·(n−1). The zero USL does not.
type USL struct {
	Sigma float64 `json:"sigma"` // contention
	Kappa float64 `json:"kappa"` // coherency
}

// FaultKind is what goes wrong.
type FaultKind string

const (
	Slow      FaultKind = "slow"      // service times are multiplied by Value
	Errors    FaultKind = "errors"    // a share Value of the calls fails at once
	Refusals  FaultKind = "refuse"    // a share Value of the calls is refused at once
	Blackhole FaultKind = "blackhole" // a share Value of the calls is never answered
	Stall     FaultKind = "stall"     // all servers stand still and go on afterwards
	Capacity  FaultKind = "capacity"  // a share Value of the servers is left, at least one
)

// A Fault disturbs the downstream for a while. Faults of one kind add up: slow
// and capacity multiply, the shares of the others are drawn one after the other.
type Fault struct {
	Kind  FaultKind     `json:"kind"`
	Value float64       `json:"value"` // factor or share; none for Stall
	At    time.Duration `json:"at"`    // when it begins
	For   time.Duration `json:"for"`   // how long it lasts; 0 means to the end
	Every time.Duration `json:"every"` // begins again after this; 0 means once
	Ramp  time.Duration `json:"ramp"`  // of Slow: grows linearly from 1 for so long; 0 means at once
	Decay time.Duration `json:"decay"` // of Slow: falls back to 1 exponentially with this time constant; 0 means not
}

// Hash identifies what a run of the scenario depends on, its seed included: two
// scenarios of the same hash differ at most in name, description, guards, and
// assertions that need nothing measured for them alone.
func (s *Scenario) Hash() string {
	c := *s
	c.Name, c.Description, c.Guards, c.Assert = "", "", nil, nil
	data, err := json.Marshal(struct {
		Scenario
		Windows [][2]int `json:"windows,omitempty"`
	}{c, s.measured()})
	if err != nil {
		panic("simulate: scenario is not data: " + err.Error())
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func (s *Scenario) seed() uint64 {
	if s.Seed == 0 {
		return 1
	}
	return s.Seed
}

// with returns a copy of s with another seed.
func (s *Scenario) with(seed uint64) *Scenario {
	c := *s
	c.Seed = seed
	return &c
}
