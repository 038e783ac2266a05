package adaptive

// Goroutines are told apart by their stacks. Where the hints of two fall on the same slot,
// they would meet there at each call for as long as they run, and fight over its cache
// line. So whoever finds no slot to himself has all of them spread
// anew.

// spreads is how often that may happen in a window. Where more calls are in flight than
// there are slots nothing parts them, and what all of them read should not be written for ever.
const spreads = 64

// spread mixes hint: all its bits from the 32nd on may tell a slot. The product with a
// random odd number maps as few pairs to the same as any hash does, for one
// multiplication (Dietzfelbinger et al., A reliable randomized algorithm for the
// closest-pair problem, 1997).
func (s *samples) spread(hint uint64) uint64 { return hint * s.salt.Load() }

// part is for who has met another.
func (s *samples) part() {
	if n := s.parted.Load(); n < spreads {
		s.parted.Store(n + 1) // a race loses one
		s.salt.Store(mixed(s.salt.Load()) | 1)
	}
}
