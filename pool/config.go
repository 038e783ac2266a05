package pool

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// Config is what can be tuned of a Pool: plain data, comparable. The zero Config
// works.
type Config struct {
	// Limit is how many tasks run at once, at most. 0 means as many as the guard
	// admits; without a guard, one a CPU (GOMAXPROCS), as work that never waits
	// wants.
	Limit int

	// Queue is how many tasks may wait. Whoever submits more is held back, in
	// turn, until half of them have started. 0 means 1,024.
	Queue int

	// Rate is how much may start per second, each task with its weight, which is
	// 1 unless its Kind says otherwise; 0 means any. Burst is how much may start
	// at once after a pause; 0 means 1. A task heavier than Burst is refused.
	Rate  float64
	Burst int

	Retry Retry         // of tasks that fail
	Stuck time.Duration // a task that runs longer is reported to Parts.OnStuck; 0 means none is
}

const defaultQueue = 1024

// Parts are what a Pool is given that is not data. They are called with no lock
// held and must not block.
type Parts struct {
	// OnError hears of errors that nobody else does: those of Pool.Go and
	// Pool.Every, whether the task ran or not, and those of a Task that is
	// garbage before anybody asked for its result (then on a goroutine of the
	// runtime). nil means that they are only counted, and that a panic of Pool.Go
	// or Pool.Every ends the program, as in a go statement.
	OnError func(error)

	// OnStuck hears, once each, of tasks that run for longer than Config.Stuck.
	OnStuck func(TaskInfo)

	// Retryable reports whether a task that failed with err may succeed if tried
	// again; nil means [Retryable].
	Retryable func(err error) bool
}

// A Kind is what tasks of one sort have in common. Give it to [Pool.With].
type Kind struct {
	Name     string // shown by Pool.Tasks
	Priority int    // from MinPriority to MaxPriority; higher starts earlier
	Weight   int    // places that a task takes in the guard's limit, and of Config.Rate; 0 means 1

	Timeout        time.Duration // from submission to result, waiting and all attempts included; 0 means none
	AttemptTimeout time.Duration // of each attempt, from its start; 0 means none
	Attempts       int           // at most; 0 means as Config.Retry says, 1 means no retries
}

// Priorities of a [Kind], the same as of an adaptive.Call. Waiting ages: of tasks
// one level higher, only those start first that were accepted at most 256 tasks
// later.
const (
	MinPriority = -3
	MaxPriority = 3
)

// validate returns all faults of c, joined, or nil.
func (c Config) validate() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("pool: config: "+format, args...))
	}
	if c.Limit < 0 {
		fault("Limit is %d, must be at least 1, or 0 for as many as the guard admits", c.Limit)
	}
	if c.Queue < 0 {
		fault("Queue is %d, must be at least 1, or 0 for %d", c.Queue, defaultQueue)
	}
	if !(c.Rate >= 0) || math.IsInf(c.Rate, 0) {
		fault("Rate is %v, must be tasks per second, or 0 for any", c.Rate)
	}
	if c.Burst < 0 {
		fault("Burst is %d, must be at least 1, or 0 for 1", c.Burst)
	} else if c.Burst > 0 && c.Rate == 0 {
		fault("Burst is %d without a Rate", c.Burst)
	}
	if c.Stuck < 0 {
		fault("Stuck is %v, must not be negative; 0 means that none is reported", c.Stuck)
	}
	return errors.Join(append(faults, c.Retry.faults()...)...)
}

func (c Config) withDefaults(guarded bool) Config {
	if c.Queue == 0 {
		c.Queue = defaultQueue
	}
	if c.Limit == 0 {
		c.Limit = math.MaxInt
		if !guarded {
			c.Limit = runtime.GOMAXPROCS(0)
		}
	}
	if c.Burst == 0 {
		c.Burst = 1
	}
	c.Retry = c.Retry.withDefaults()
	return c
}

// validate returns all faults of k in a pool of configuration c, joined, or nil.
func (k Kind) validate(c Config, g adaptive.Guard) error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("pool: kind %q: "+format, append([]any{k.Name}, args...)...))
	}
	if k.Priority < MinPriority || k.Priority > MaxPriority {
		fault("Priority is %d, must be %d to %d", k.Priority, MinPriority, MaxPriority)
	}
	_, weighs := g.(weigher)
	if k.Weight < 0 {
		fault("Weight is %d, must be at least 1, or 0 for 1", k.Weight)
	} else if k.Weight > 1 && g != nil && !weighs {
		fault("Weight is %d, but the guard has no method With(adaptive.Call) to take it into account", k.Weight)
	} else if c.Rate > 0 && max(k.Weight, 1) > c.Burst {
		fault("Weight is %d, more than Burst %d can ever let pass", k.Weight, c.Burst)
	}
	if k.Timeout < 0 {
		fault("Timeout is %v, must not be negative; 0 means none", k.Timeout)
	}
	if k.AttemptTimeout < 0 {
		fault("AttemptTimeout is %v, must not be negative; 0 means none", k.AttemptTimeout)
	}
	if k.Attempts < 0 {
		fault("Attempts is %d, must be at least 1, or 0 for as Config.Retry says", k.Attempts)
	}
	return errors.Join(faults...)
}
