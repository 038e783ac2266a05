package adaptive

// Far below the limit a call that ends keeps its place, in its slot, for the next
// one: that takes it there, and the gate's word, which all CPUs would else write
// twice a call, is only read. So such calls share no word that is written.
//
// Only home slots keep places, a few for each shard. The hint of a goroutine tells its shard,
// and it has the first of those homes in which no call is: the others are for calls that
// last, and for goroutines that the scheduler stopped in one. So whoever has a shard to
// himself shares no word that is written with anybody. In virtual time, where one
// goroutine runs and all numbers are exact, no place is kept. A slot goes, besides what is
// said of it in slots.go,
//
//	held --end, +2--> kept --claim, +2--> held
//	                  kept --take away, +1--> free
//
// Why admission stays strict: a kept place is counted in the gate, so that the word is
// never less than the calls in flight. It is claimed by a compare-and-swap on a
// slot that was seen kept before the gate was seen to let places be kept, and so
// open and not beyond its limit. The slot did not change in between: at the moment
// of that look at the gate the place was nobody else's.
//
// Why nobody is rejected, or waits, for the sake of a place that is only kept: who
// finds no room while flagKept is set has all of them taken away first, and looks again.
// That flag is cleared once flagKeep is and every home was looked at after
// that. An end that keeps its place looks at the gate once more afterwards: either
// flagKeep is still set, then who clears it comes to the slot later; or it is not,
// then the end takes the place away itself. (Each writes first and reads then, so
// they cannot both miss the other.) Nobody begins to wait while flagKept is set, and
// it is not set while somebody does: the queue meets no kept place at all.

const (
	slotKept  = 3 // the state of a slot that is free and has a place
	slotClaim = 2 // from there to the next admission
	slotEmpty = 1 // from there to one without a place
)

// homesOf is how many homes a shard has: more than one, so that a goroutine that the
// scheduler stopped in a call does not keep those that run from theirs.
const homesOf = 4

// keeps reports whether a call that ends may keep its place, and the next take it.
func (w word) keeps() bool { return w&flagKeep != 0 }

// home is the first home of hint in which no call is, or the last of all, and its word.
func (l *Limiter) home(hint uint64) (s *slot, word uint64) {
	n := len(l.samples.shards)
	for i := int(l.samples.spread(hint)>>32) & (n - 1); i < len(l.homes); i += n {
		s = &l.homes[i]
		if word = s.word.Load(); idle(word) {
			break
		}
	}
	return s, word
}

// idle reports whether a slot with that word is free or kept.
func idle(word uint64) bool { return (word+1)&2 == 0 }

// goHome claims the home of hint, if it is free, for a call whose place is in the gate,
// of which w is the word.
func (l *Limiter) goHome(hint uint64, w word) (s *slot, held uint64) {
	if 2*w.inFlight() > w.limit() {
		l.tighten() // or laws would take places that are only kept for calls
		return nil, 0
	}
	s, held = l.home(hint)
	if held&slotState != 0 || !s.word.CompareAndSwap(held, held+slotHeld) {
		l.samples.part()
		return nil, 0
	}
	return s, held + slotHeld
}

// takeAway empties s unless it has changed since it was kept, as its word at told.
func (s *slot) takeAway(at uint64) bool {
	return at&slotState == slotKept && s.word.CompareAndSwap(at, at+slotEmpty)
}

// loosen lets places be kept from now on, if the calls in flight are so few that it
// changes nothing for a law: of a limit that is not half used it only sees that.
func (l *Limiter) loosen() bool {
	if l.clock != nil || !l.keptMu.TryLock() {
		return false
	}
	defer l.keptMu.Unlock()
	for {
		w := l.gate.load()
		if w&shut != 0 || 4*w.inFlight() > w.limit() {
			return false
		}
		if l.gate.swap(w, w|flagKeep|flagKept) {
			return true
		}
	}
}

// tighten takes all kept places away and returns the word after that, in which only
// calls are in flight.
func (l *Limiter) tighten() word {
	if w := l.gate.load(); w&flagKept == 0 {
		return w
	}
	l.keptMu.Lock() // so that who finds flagKept set waits until this is done
	defer l.keptMu.Unlock()
	l.emptyHomes()
	return l.gate.load()
}

// calls is the word with only calls in flight. If places were kept they are again, at once:
// whoever asks may be stopped before he has done what he asks for. control.mu is held, under
// which alone that begins.
func (l *Limiter) calls() word {
	keeps := l.gate.load().keeps()
	w := l.tighten()
	if keeps {
		l.loosen()
	}
	return w
}

// emptyHomes is tighten for who has keptMu. He may have waited for it until another
// had done this: then somebody may wait, who would not hear of a place that is freed
// here, and whatever is still kept is about to be freed by the end that kept it.
func (l *Limiter) emptyHomes() {
	if l.gate.load()&flagKept == 0 {
		return
	}
	l.gate.clear(flagKeep)
	n := 0
	for i := range l.homes {
		if s := &l.homes[i]; s.takeAway(s.word.Load()) {
			n++
		}
	}
	l.gate.release(n)
	l.gate.clear(flagKept)
}
