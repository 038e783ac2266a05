package adaptive

import (
	"errors"
	"fmt"
	"time"
)

// Config is what can be tuned of a Limiter: plain data, comparable and
// printable. The zero Config works.
type Config struct {
	Name    string        // names the limiter in errors and explanations
	Law     string        // control law, as ParseLaw reads it; "" means "knee"
	Initial int           // first limit; 0 means 6, or the nearer of Min and Max
	Min     int           // lowest limit; 0 means 1
	Max     int           // highest limit; 0 means 10,000, or Min if that is higher; at most 1<<24
	Queue   int           // how many calls may wait for a permit; 0 means 1,024, −1 none
	MaxWait time.Duration // how long Acquire waits for a permit; 0 means as long as its ctx

	// MaxRetryAfter is the longest time for which a Retry-After is heeded: when the
	// downstream refuses a call and says when to come back, everybody is rejected for
	// [RejectRetryAfter] until then, and who waits is, too. 0 means 1 min, as long as
	// a breaker stays open at most; a negative one that Retry-After is not heeded.
	MaxRetryAfter time.Duration

	// TimeOneIn is how many calls share one whose round trip is measured: 1 means
	// that each is, 2, 4 … 64 that one in so many is, drawn at random. 0 means every
	// call up to 16,384 a second and fewer above that, by the rate of late; on a Clock
	// of one's own every call. Outcomes are counted of every call in any case.
	TimeOneIn int

	// Observe makes the Limiter measure, decide and count as always, but admit every
	// call that can be; Stats.WouldReject has those that would have been rejected. What a guard in
	// front asks for, and Close, hold all the same. It is for a trial in production.
	Observe bool
}

const (
	defaultLaw     = "knee"
	defaultInitial = 6 // small, because a fleet of K clients starts at 6K
	defaultMax     = 10_000
	defaultQueue   = 1024
	defaultHold    = time.Minute
	longestHold    = 720 * time.Hour // so that instants do not overflow
	maxLimit       = 1 << 24         // the limit and the count have 24 bits each in the gate's word
)

// Parts are what a Limiter is given that is not data.
type Parts struct {
	Law      Law        // a law of your own, or one with typed constants; nil means Config.Law
	Clock    Clock      // zero means the machine's
	Classify Classifier // how Do, DoValue and Wrap read errors; nil means Classify

	// OnDecision is called after each decision, in order and one at a time, with no
	// lock held, on the goroutine of a call that has given its permit back. While it
	// runs, decisions wait, up to 64 of them; the oldest are dropped and counted, and
	// so are panics: see Stats. LogDecisions makes one.
	OnDecision func(Decision)

	Expected Envelope // what the configuration should do; zero means nothing
}

// WithDefaults returns c with each zero field replaced by what it stands for.
func (c Config) WithDefaults() Config {
	if c.Law == "" {
		c.Law = defaultLaw
	}
	if c.Min == 0 {
		c.Min = 1
	}
	if c.Max == 0 {
		c.Max = max(defaultMax, c.Min)
	}
	if c.Initial == 0 {
		c.Initial = min(max(defaultInitial, c.Min), c.Max)
	}
	if c.Queue == 0 {
		c.Queue = defaultQueue
	}
	if c.MaxRetryAfter == 0 {
		c.MaxRetryAfter = defaultHold
	}
	return c
}

// Validate returns all faults of c, joined, or nil.
func (c Config) Validate() error {
	_, err := ParseLaw(c.WithDefaults().Law)
	return errors.Join(c.validateNumbers(), err)
}

func (c Config) validateNumbers() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("adaptive: config: "+format, args...))
	}
	d := c.WithDefaults()
	if c.Min < 0 || c.Min > maxLimit {
		fault("Min is %d, must be 1 to %d, or 0 for 1", c.Min, maxLimit)
	}
	if c.Max < 0 || c.Max > maxLimit {
		fault("Max is %d, must be 1 to %d, or 0 for %d", c.Max, maxLimit, defaultMax)
	}
	if c.Min > 0 && c.Max > 0 && c.Min > c.Max {
		fault("Min is %d, above Max %d", c.Min, c.Max)
	} else if c.Initial != 0 && (c.Initial < d.Min || c.Initial > d.Max) {
		fault("Initial is %d, must be within Min %d and Max %d, or 0", c.Initial, d.Min, d.Max)
	}
	if c.Queue < -1 {
		fault("Queue is %d, must be 0 for %d, −1 for none, or a number of calls", c.Queue, defaultQueue)
	}
	if c.MaxWait < 0 {
		fault("MaxWait is %v, must not be negative; 0 means as long as ctx", c.MaxWait)
	}
	if c.MaxRetryAfter > longestHold {
		fault("MaxRetryAfter is %v, must be at most %v, 0 for %v, or negative for none", c.MaxRetryAfter, longestHold, defaultHold)
	}
	if n := c.TimeOneIn; n < 0 || n > 1<<maxShift || n&(n-1) != 0 {
		fault("TimeOneIn is %d, must be a power of two up to %d, or 0 for as many as the load asks", n, 1<<maxShift)
	}
	return errors.Join(faults...)
}
