package breaker

import "time"

// Config is what can be tuned of a Breaker: plain data, comparable and
// printable. The zero Config works; where 0 stands for a default, −1 turns the
// rule off.
//
// Each rule trips by itself. What a rule can and cannot see is in docs/breaker.md.
type Config struct {
	// Silence trips when nothing came back well for the usual 99th percentile and so
	// long beyond, although MinCalls calls failed since, or hang since before.
	// It sees a downstream that hangs by the age of calls in flight, before any of
	// them has ended, and works at any traffic.
	Silence  time.Duration // 0 means 1 s
	MinCalls int           // or a whole limit of calls that hang; 0 means 5

	// Rate trips when such a share of the results in the window are failures.
	Rate      float64       // above 0 and up to 1; 0 means 0.8
	MinVolume int           // fewest results in the window to judge a share by; 0 means 20
	Window    time.Duration // how far back results count, in steps of a tenth; 0 means 10 s

	// SlowRate trips when such a share of the results in the window took SlowAfter
	// or longer, whether they succeeded or not.
	SlowRate  float64       // above 0 and up to 1; 0 means never
	SlowAfter time.Duration // 0 means ten times the usual median

	// Consecutive trips at so many failures in a row, however far apart.
	Consecutive int // 0 means never

	// AtFloor trips at so many refusals and time-outs while the limit stands at its
	// Min, if they are a share of Rate of the results there: a small limit lets too
	// few calls through for MinVolume.
	AtFloor int // 0 means 5

	Open        Backoff       // how long it stays open before it probes
	ProbeShare  float64       // share of probes that must succeed to close, above 0 and up to 1; 0 means 0.5
	ProbeWithin time.Duration // time for all probes, from the first on; 0 means twice the usual 99th percentile and as long as it was open
}

// Backoff is a time that grows from one failed recovery to the next. It starts
// again at Base once the breaker has been closed for longer than it was open. A
// Retry-After takes its place, at least Base and at most the Limiter's MaxRetryAfter.
type Backoff struct {
	Base   time.Duration // first; 0 means 200 ms
	Factor float64       // each next is so many times longer, at least 1; 0 means 1.1
	Max    time.Duration // longest; 0 means 1 s, or Base if that is longer
	Jitter float64       // each is drawn within such a share of it, below and above; 0 means 0.1, −1 none
}

// How the defaults were chosen is in docs/breaker.md, with the command.
const (
	defaultSilence   = time.Second
	defaultMinCalls  = 5
	defaultRate      = 0.8
	defaultMinVolume = 20
	defaultWindow    = 10 * time.Second
	defaultAtFloor   = 5

	defaultBase   = 200 * time.Millisecond
	defaultFactor = 1.1
	defaultMax    = time.Second
	defaultJitter = 0.1
	defaultShare  = 0.5

	usuals    = 2                // times the usual 99th percentile that no call takes
	slowTimes = 10               // times the usual median that makes a call slow
	minWindow = time.Millisecond // so that a tenth is well above what clocks resolve
	longest   = 720 * time.Hour  // of any time, so that instants do not overflow
	never     = -1
)

// WithDefaults returns c with each zero field replaced by what it stands for, as
// far as that is a number.
func (c Config) WithDefaults() Config {
	set(&c.Silence, defaultSilence)
	set(&c.MinCalls, defaultMinCalls)
	set(&c.Rate, defaultRate)
	set(&c.MinVolume, defaultMinVolume)
	set(&c.Window, defaultWindow)
	set(&c.SlowRate, never)
	set(&c.Consecutive, never)
	set(&c.AtFloor, defaultAtFloor)
	set(&c.ProbeShare, defaultShare)
	set(&c.Open.Base, defaultBase)
	set(&c.Open.Factor, defaultFactor)
	set(&c.Open.Max, max(defaultMax, c.Open.Base))
	set(&c.Open.Jitter, defaultJitter)
	return c
}

func set[T comparable](to *T, value T) {
	var zero T
	if *to == zero {
		*to = value
	}
}

// next is the open time after one of d.
func (b Backoff) next(d time.Duration) time.Duration {
	return time.Duration(min(float64(d)*b.Factor, float64(b.Max)))
}
