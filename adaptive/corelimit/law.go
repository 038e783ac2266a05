// Package corelimit runs the limits of go-concurrency-limits
// (github.com/platinummonkey/go-concurrency-limits) as laws of package adaptive,
// so that its users can move over with one line, and compare:
//
//	lim, err := adaptive.NewWith(adaptive.Config{}, adaptive.Parts{Law: corelimit.VegasWindowed})
//
// A limit that a program made and tuned itself goes in with [New], or with
// [NewWindowed] if it stood behind their DefaultLimiter.
//
// What the limits are fed: a Success is a sample, Refused and TimedOut are drops,
// the other outcomes are what they call ignored. Calls in flight are counted at
// the start of a call, that call included. Round trips come from a
// [adaptive.Histogram], so they are within 3.2 % of what was measured.
package corelimit

import (
	"fmt"
	"strings"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/platinummonkey/go-concurrency-limits/core"
)

// A Law is one of their limits with the constants it ships with, except that it
// starts and is bounded where [adaptive.Config] says, and starts anew from where
// SetLimit or a breaker left the limit. It implements [adaptive.Law], is
// comparable, and its String is read back by [Parse].
type Law uint8

const (
	AIMD      Law = iota // one more when full, times 0.9 on a drop
	Vegas                // estimates the queue from the lowest round trip seen; not repeatable
	Gradient             // lowest round trip over present one, tolerance 2; not repeatable
	Gradient2            // long average of the round trip over present one

	// The same behind the window of their DefaultLimiter, see NewWindowed.
	AIMDWindowed
	VegasWindowed
	GradientWindowed
	Gradient2Windowed

	// Laws is the number of laws, for loops over all of them.
	Laws = int(Gradient2Windowed) + 1
)

const prefix = "corelimit/"

var names = [Laws]string{
	"aimd", "vegas", "gradient", "gradient2",
	"aimd-win", "vegas-win", "gradient-win", "gradient2-win",
}

// String is the name that [Parse] reads, such as "corelimit/vegas-win".
func (l Law) String() string { return prefix + names[l] }

// Parse reads the name of a law, such as "corelimit/vegas" or, behind their
// window, "corelimit/vegas-win".
func Parse(s string) (Law, error) {
	if name, ok := strings.CutPrefix(s, prefix); ok {
		for l, n := range names {
			if n == name {
				return Law(l), nil
			}
		}
	}
	return 0, fmt.Errorf("corelimit: unknown law %q, must be %s and one of %s",
		s, prefix, strings.Join(names[:], ", "))
}

// Repeatable reports whether the same windows always give the same decisions.
// Vegas and Gradient draw from a global random source when they time their
// probes, so two runs of one simulation may differ.
func (l Law) Repeatable() bool {
	switch l {
	case AIMD, AIMDWindowed, Gradient2, Gradient2Windowed:
		return true
	}
	return false
}

// New implements [adaptive.Law].
func (l Law) New() adaptive.Controller {
	return controller(l >= AIMDWindowed, func(w adaptive.Window) core.Limit {
		return l.limit(int(w.Limit), int(w.Min), int(w.Max))
	})
}

// New returns a law that tells the limit f makes of each call that ended. f is
// called once for each Limiter.
//
// The limit starts where f says, and goes on from its own estimate after
// SetLimit or a breaker moved the one in force; the Limiter keeps it within its
// Config. A SettableLimit takes effect when the next call ends.
func New(f func() core.Limit) adaptive.Law { return custom{f, false} }

// NewWindowed is New with the window that their DefaultLimiter puts in front of
// a limit: after a second and more than 100 round trips of at least 100 µs it
// reports the lowest of them, the most calls in flight, and whether any call was
// dropped.
func NewWindowed(f func() core.Limit) adaptive.Law { return custom{f, true} }

type custom struct {
	f        func() core.Limit
	windowed bool
}

func (c custom) New() adaptive.Controller {
	var own core.Limit
	return controller(c.windowed, func(adaptive.Window) core.Limit {
		if own == nil {
			own = c.f()
		}
		return own
	})
}

// String says what the law is; a function cannot be read back.
func (c custom) String() string {
	if c.windowed {
		return prefix + "custom-win"
	}
	return prefix + "custom"
}

// controller delays making the limit until the first window tells where it
// starts and ends.
func controller(windowed bool, limit func(w adaptive.Window) core.Limit) adaptive.Controller {
	if windowed {
		return &perWindow{fed: fed{make: limit}}
	}
	return &perCall{fed: fed{make: limit}}
}
