package adaptive

import "time"

// Stats is what a Limiter did since it was made, and where it stands.
type Stats struct {
	Limit    int // enforced
	InFlight int // places taken: a call of weight n takes n
	Waiting  int // calls in the queue

	RetryAfter time.Duration // how much longer everybody is held back as the downstream asked; 0 if not

	Ended    [Outcomes]uint64      // calls that ended, by outcome
	Rejected [RejectReasons]uint64 // calls not sent, by reason
	Blocked  uint64                // arrivals that found no free place, whether they waited or were rejected
	LateEnds uint64                // Done on a permit that had ended already

	TimedOneIn int // how many calls share one that is timed, see Config.TimeOneIn
}

// Stats returns the present numbers. Limit and InFlight are of one instant; the
// counters are each exact but read one after the other.
func (l *Limiter) Stats() Stats {
	g := l.gate.load()
	s := Stats{Limit: g.limit(), InFlight: g.inFlight(), LateEnds: l.lateEnds.Load()}
	s.TimedOneIn = 1 << (l.samples.mark.Load() & (1<<markWindow - 1))
	l.queueMu.Lock()
	s.Waiting = l.queue.n
	l.queueMu.Unlock()
	s.RetryAfter = l.heldFor()
	for r := range s.Rejected {
		s.Rejected[r] = l.rejected[r].Load()
	}
	atLimit := l.samples.turnedAway()
	s.Rejected[RejectLimit] += atLimit
	s.Blocked = l.blocked.Load() + atLimit
	c := &l.control
	c.mu.Lock()
	c.tally.read(l.samples)
	s.Ended = c.tally.ended
	c.mu.Unlock()
	return s
}
