package adaptive

import "time"

// Stats is what a Limiter did since it was made, and where it stands.
type Stats struct {
	Limit    int // enforced
	InFlight int
	Waiting  int // in the queue

	RetryAfter time.Duration // how much longer everybody is held back as the downstream asked; 0 if not

	Ended    [Outcomes]uint64      // calls that ended, by outcome
	Rejected [RejectReasons]uint64 // calls not sent, by reason
	Blocked  uint64                // arrivals that found no free place, whether they waited or were rejected
	LateEnds uint64                // Done on a permit that had ended already
}

// Stats returns the present numbers. Limit and InFlight are of one instant; the
// counters are each exact but read one after the other.
func (l *Limiter) Stats() Stats {
	g := l.gate.load()
	s := Stats{Limit: g.limit(), InFlight: g.inFlight(), Blocked: l.blocked.Load(), LateEnds: l.lateEnds.Load()}
	l.queueMu.Lock()
	s.Waiting = l.queue.n
	l.queueMu.Unlock()
	s.RetryAfter = l.heldFor()
	s.Ended = l.samples.endedBy()
	for r := range s.Rejected {
		s.Rejected[r] = l.rejected[r].Load()
	}
	return s
}
