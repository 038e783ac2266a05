package peers

import (
	"math/rand/v2"

	"github.com/failsafe-go/failsafe-go/adaptivelimiter"

	"github.com/flyball-go/flyball/adaptive"
)

// failsafe is the library's own limiter. As in its policy, a call that timed out is
// dropped and any other recorded.
type failsafe struct {
	own adaptivelimiter.AdaptiveLimiter[any]
}

func newFailsafe(*rand.Rand) limiter {
	const initial = 20 // its default
	return failsafe{adaptivelimiter.NewBuilder[any]().WithLimits(lowest, highest, initial).Build()}
}

func (f failsafe) limit(adaptive.Instant) int { return f.own.Limit() }

func (f failsafe) admit(adaptive.Instant, int) func(adaptive.End) {
	permit, ok := f.own.TryAcquirePermit()
	if !ok {
		return nil
	}
	return func(e adaptive.End) {
		switch e.Outcome {
		case adaptive.TimedOut, adaptive.Ignored, adaptive.Abandoned:
			permit.Drop()
		default:
			permit.Record()
		}
	}
}
