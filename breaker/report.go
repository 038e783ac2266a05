package breaker

import (
	"iter"

	"github.com/flyball-go/flyball/adaptive"
)

// Report implements [adaptive.Reporter]: the Limiter and the breaker as one. Like
// Stats it changes nothing.
func (b *Breaker) Report() adaptive.Report {
	r, s := b.lim.Report(), b.Stats()
	rejected := &r.Stats.Rejected // the Limiter counts those that it kept waiting until the breaker opened
	rejected[adaptive.RejectBreakerOpen] = max(rejected[adaptive.RejectBreakerOpen], s.RejectedOpen)
	rejected[adaptive.RejectProbes] = max(rejected[adaptive.RejectProbes], s.RejectedProbes)
	r.Breaker = &adaptive.BreakerReport{
		State: s.State.String(), States: append([]string(nil), stateNames[:]...), Opened: s.Opened, Passes: s.State.admits(),
	}
	return r
}

// Decisions are the last decisions of the Limiter, see [adaptive.Limiter.Decisions].
func (b *Breaker) Decisions() iter.Seq[adaptive.Decision] { return b.lim.Decisions() }
