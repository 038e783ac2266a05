package adaptive

import "time"

// Stats is what a Limiter did since it was made, and where it stands.
type Stats struct {
	Limit    int // enforced
	InFlight int // places taken: a call of weight n takes n
	Waiting  int // calls in the queue

	RetryAfter time.Duration // how much longer everybody is held back as the downstream asked; 0 if not

	Ended       [Outcomes]uint64      // calls that ended, by outcome
	Rejected    [RejectReasons]uint64 // calls not sent, by reason
	WouldReject [RejectReasons]uint64 // calls sent all the same, in Config.Observe
	Blocked     uint64                // arrivals that found no free place, whether they waited or were rejected
	LateEnds    uint64                // Done on a permit that had ended already

	OddRTTs uint64 // round trips below 1 ns or above 2.4 h, as only a clock gone wrong gives; counted as these

	TimedOneIn int // how many calls share one that is timed, see Config.TimeOneIn

	DecisionsDropped uint64 // decisions that Parts.OnDecision was too slow for
	DecisionPanics   uint64 // calls of it that panicked
}

// Stats returns the present numbers, which are consistent in this: Limit and InFlight
// are of one instant; every call admitted before that instant is in InFlight or
// in Ended, and in both only if it ended while Stats ran; no rejection is counted that
// is not in Blocked. While no call begins or ends, all numbers are exact and of one
// instant. Stats takes locks, but none that a call takes that need not wait.
func (l *Limiter) Stats() Stats {
	c := &l.control
	c.mu.Lock()
	l.queueMu.Lock()
	g := l.calls() // before Ended: a call is counted there before its place is free
	s := Stats{Limit: g.limit(), InFlight: g.inFlight(), Waiting: l.queue.n}
	held := l.bars[heldBack]
	l.queueMu.Unlock()
	s.LateEnds, s.OddRTTs = l.lateEnds.Load(), l.samples.odd.Load()
	for r := range s.Rejected {
		s.Rejected[r] = l.rejected[r].Load()
		s.WouldReject[r] = l.wouldHave[r].Load()
	}
	atLimit := l.samples.turnedAway()
	s.Rejected[RejectLimit] += atLimit
	s.Blocked = l.blocked.Load() + atLimit // after Rejected: an arrival is blocked before it is rejected
	l.read(true)
	s.Ended, s.TimedOneIn = c.tally.ended, 1<<c.shift
	c.mu.Unlock()
	s.RetryAfter = l.remaining(held) // asks the clock, which may be the user's
	o := &l.outbox
	o.mu.Lock()
	s.DecisionsDropped, s.DecisionPanics = o.dropped, o.panics
	o.mu.Unlock()
	return s
}

// rejections is how many calls were ever rejected.
func (l *Limiter) rejections() (n uint64) {
	n = l.samples.turnedAway()
	for r := range l.rejected {
		n += l.rejected[r].Load()
	}
	return n
}
