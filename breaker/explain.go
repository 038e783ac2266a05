package breaker

import (
	"fmt"
	"strings"
)

// Explain is where breaker and limit stand and why, in sentences: one story of
// both.
func (b *Breaker) Explain() string {
	now := b.lim.Now()
	b.mu.Lock()
	ph := b.phase.Load()
	var s strings.Builder
	fmt.Fprintf(&s, "breaker %v since %.3fs: %s", ph.state, ph.since.Seconds(), ph.why)
	switch ph.state {
	case Closed, ForcedClosed:
		ph.gather()
		good, bad, slow := ph.results.counts(now)
		fmt.Fprintf(&s, "; %d of the last %d results failed", bad, good+bad)
		if b.c.SlowRate > 0 {
			fmt.Fprintf(&s, ", %d were slow", slow)
		}
	case Open:
		fmt.Fprintf(&s, "; probes from %.3fs on", ph.until.Seconds())
	case HalfOpen:
		fmt.Fprintf(&s, "; %d of %d probes needed have succeeded, %d failed, %d are out", ph.good, ph.core.needed, ph.bad, len(ph.out))
	}
	if !ph.state.admits() {
		fmt.Fprintf(&s, "; the limit was %d", b.remembered)
	}
	b.mu.Unlock()
	name := b.lim.Config().Name
	if name != "" {
		name += ": "
	}
	return name + s.String() + ". Limiter: " + strings.TrimPrefix(b.lim.Explain(), name)
}
