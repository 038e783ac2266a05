package adaptive

// sharing is what a baseline knows of probes that all clients of a downstream make at
// once, as [Fair] has it: only those see the downstream without a queue. A probe by
// oneself meets the queue of the others, and is believed only if it is lower, as where
// a client has begun with far too much for itself. See docs/law.md.
type sharing struct {
	on     bool
	lone   bool  // the probe under way is on no grid
	probes int   // so many were on one
	grid   int64 // its pitch

	narrower int // windows in a row that asked for less
}

// period is how long one probe may be after another. It is by the round trip, of which
// clients agree better than on the one without a queue, and not by their limits.
func (s *sharing) period(seen statistic) float64 { return 50 * seen.rtt }

// pitch is that of the grid, where the present round trips ask for p. All clients must
// have the same: who probes on lines of his own meets the queue of the rest, and who
// does not probe on theirs takes what they leave. So noise only makes it wider, and it
// takes as many windows as a fleet needs to agree before it is narrower.
func (s *sharing) pitch(p int64) int64 {
	s.narrower++
	if p >= s.grid || s.narrower > 30 {
		s.grid, s.narrower = p, 0
	}
	return s.grid
}

// rounds is how many a probe takes, of which n do for a client by itself: no more than make a
// quarter of the time. The first is as long in round trips that are perhaps twice too long.
func (s *sharing) rounds(n float64) float64 {
	if s.probes == 0 {
		return min(2*n, 12)
	}
	return min(4*n, 24)
}

// first counts a probe and reports whether it is the first that all made: what it measured
// takes the place of a round trip in the queue of the others.
func (s *sharing) first() bool {
	if !s.on || s.lone {
		return false
	}
	s.probes++
	return s.probes == 1
}

// blind reports whether what the probe under way measures may be the queue of the others.
func (s *sharing) blind() bool { return s.on && s.lone }
