package adaptive

import (
	"math/bits"
	"sync/atomic"
)

// tally is what was read of the shards: in all, and since the window opened. It
// is guarded by control.mu.
type tally struct {
	ended   [Outcomes]uint64 // ever, by outcome
	untimed uint64           // successes among them that were not timed

	count    [Outcomes]int // calls that count
	stale    int           // other calls that ended
	censored int           // time-outs among the round trips
	timed    int           // calls in latency, and refused ones that were timed
	inFlight uint64        // sum over them, of calls in flight at the start
	latency  *Histogram
	low      *Histogram
	spare    [2]*Histogram // for the next window, while a law looks at this one
	lows     bool          // a window has asked for low
}

func newTally() tally {
	return tally{
		latency: newHistogram(), low: newHistogram(),
		spare: [2]*Histogram{newHistogram(), newHistogram()},
	}
}

// read brings t up to date: untimed is how many untimed calls ever succeeded, and
// whether they count. No call is lost or counted twice, whenever it ends.
//
// Most octaves have no news between two readings, and those are passed over. The first
// call in an empty bucket tells of it, just after it was counted; a call that ends there
// in between may so be left to the next reading. Where each that has ended must be in
// this one, all has every octave read.
func (t *tally) read(s *samples, untimed uint64, count, all bool) {
	n := grown(&t.untimed, untimed)
	t.ended[Success] += n
	if count {
		t.count[Success] += int(n)
	} else {
		t.stale += int(n)
	}
	t.lows = t.lows || s.lowUpTo.Load() > 0
	for i := range s.shards {
		sh := &s.shards[i]
		censored := grown(&sh.seen.censored, sh.censored.Load()) // before the round trips
		for o := range Outcomes {
			counted, stale := grown(&sh.seen.counted[o], sh.counted[o].Load()), grown(&sh.seen.stale[o], sh.stale[o].Load())
			t.ended[o] += counted + stale
			t.count[o] += int(counted)
			t.stale += int(stale)
		}
		twice := grown(&sh.seen.twice, sh.twice.Load())
		t.ended[Success] -= twice
		t.count[Success] -= int(twice)
		refused := t.add(grown(&sh.seen.refused, sh.refused.Load()))
		t.ended[Refused] += refused
		t.count[Refused] += int(refused)
		news, trips := sh.news.Load(), uint64(0)
		if news != 0 {
			news = sh.news.Swap(0) // before the buckets: who tells later is read later
		}
		if all || censored > 0 {
			news = 1<<octaves - 1
		}
		for ; news != 0; news &= news - 1 {
			k := bits.TrailingZeros64(news)
			if oct := sh.octaves[k].Load(); oct != nil {
				trips += t.readOctave(oct, k<<latencySub)
			}
		}
		t.censored += int(censored)
		t.ended[Success] += trips - censored
		t.count[Success] += int(trips) - int(censored)
	}
}

func (t *tally) readOctave(oct *octave, first int) (trips uint64) {
	for i := range oct.latency {
		if d := taken(&oct.latency[i]); d != 0 {
			n := t.add(d)
			t.latency.c.AddBucket(first+i, n)
			trips += n
		}
		if t.lows {
			if n := taken(&oct.low[i]); n != 0 {
				t.low.c.AddBucket(first+i, n)
			}
		}
	}
	return trips
}

// add counts the calls in a packed word and returns how many.
func (t *tally) add(packed uint64) uint64 {
	n := packed & packMask
	t.timed += int(n)
	t.inFlight += packed >> packBits
	return n
}

// grown is by how much now exceeds *seen, which becomes now. Mostly that is nothing, and
// what is not written stays in the caches of all CPUs.
func grown(seen *uint64, now uint64) uint64 {
	d := now - *seen
	if d != 0 {
		*seen = now
	}
	return d
}

// taken is what was in b, which becomes 0.
func taken(b *atomic.Uint64) uint64 {
	if b.Load() == 0 {
		return 0
	}
	return b.Swap(0)
}

// calls is how many ended that count.
func (t *tally) calls() (n int) {
	for _, c := range t.count {
		n += c
	}
	return n
}

// ever is how many calls have ended since the start.
func (t *tally) ever() (n uint64) {
	for _, c := range t.ended {
		n += c
	}
	return n
}

// begin starts a window.
func (t *tally) begin() {
	t.count, t.stale, t.censored, t.timed, t.inFlight = [Outcomes]int{}, 0, 0, 0, 0
	t.latency.c.Reset()
	t.low.c.Reset()
}

// fill puts what t has of the window into w, and leaves the histograms to it.
func (t *tally) fill(w *Window) {
	w.Count, w.Censored = t.count, t.censored
	w.Count[Success] = max(0, w.Count[Success]) // one that had timed out was read half counted
	w.Completions = t.calls() + t.stale
	if t.timed > 0 {
		w.MeanInFlight = float64(t.inFlight) / float64(t.timed)
	}
	w.Latency, w.Low = t.latency, t.low
	t.latency, t.low, t.spare = t.spare[0], t.spare[1], [2]*Histogram{t.latency, t.low}
	t.begin()
}
