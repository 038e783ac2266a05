package adaptive

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/flyball-go/flyball/internal/stripe"
)

// samples is what calls write when they end, and what they must know for it.
type samples struct {
	shards []shard

	// The words below are read by every call, those on the first cache line, and written
	// about once a window.
	mark    atomic.Uint64 // number of the window that calls admitted now belong to, above one in 2^k that is timed
	salt    atomic.Uint64 // odd, see spread.go
	counts  atomic.Uint64 // first window number that counts, and how many from there on: 32 bits each
	until   atomic.Int64  // when a timed call that ends should look whether the window is over
	lowUpTo atomic.Uint32 // calls in flight at the start that count as low concurrency
	exact   bool          // virtual time: a window closes at the very sample that fills it
	early   atomic.Int64  // count of time-outs at which one should look; 0 means never
	typical atomic.Int64  // round trip of late, in nanoseconds; 0 if unknown
	tail    atomic.Int64  // its 99th percentile, likewise
	enough  atomic.Int64  // time in which all but few calls end, of late, in overload too; 0 if unknown

	parted atomic.Uint32 // how often salt has changed in this window

	_     [60]byte
	left  atomic.Int64  // samples until the window may be full, if exact
	odd   atomic.Uint64 // round trips that had to be put within bounds
	known atomic.Int64  // when a timed call was last admitted, if not all are
	_     [40]byte

	// untimed is how many calls that were not timed succeeded, as far as the gate's own
	// count of them, which wraps round, was read. They are counted by the add that
	// frees their place, and nowhere else.
	untimed atomic.Uint64
	_       [24]byte // to four cache lines
}

const markWindow = 32

// lookEvery is the least time between two looks at a window in real time, and so
// the shortest window: laws would otherwise decide every few microseconds where
// calls take less. It is far below what a call over a network takes.
const lookEvery = 250 * time.Microsecond

// lookAtLeastEvery is the most time that calls end without a look at a window that
// lacks samples.
const lookAtLeastEvery = 25 * time.Millisecond

func newSamples(c Clock) *samples {
	s := &samples{shards: newShards(stripes(c)), exact: c.Now != nil}
	s.salt.Store(mixed(1) | 1)
	return s
}

// record notes in sh how a call ended and reports whether it is time to look at
// the window. At is unknown, and not used, for an untimed call unless it timed out.
func (s *samples) record(sh *shard, t tag, rtt time.Duration, o Outcome, at Instant) (due bool) {
	if t&tagUntimed == 0 {
		due = int64(at) >= s.until.Load()
	}
	if c := s.counts.Load(); t.window()-uint32(c>>32) > uint32(c) {
		sh.stale[o].Add(1)
		return due
	}
	if o != Success && o != Refused {
		sh.counted[o].Add(1)
		if o != TimedOut {
			return due
		}
		due = due || s.enoughTimeOuts(sh)
	}
	inFlight := t.inFlight()
	if inFlight > sh.peak.Load() {
		sh.peak.Store(inFlight) // a race loses one of two near-equal peaks
	}
	if t&tagUntimed != 0 {
		if o != TimedOut { // a success, too, if somebody listened or it took several places
			sh.counted[o].Add(1)
		}
		return due
	}
	if o == Refused {
		n := sh.refused.Add(pack(inFlight))
		due = due || n&packRead == 0
	} else {
		if rtt < 1 || rtt > latencyMax { // the clock stood still, went back or was far ahead
			s.odd.Add(1)
			rtt = max(rtt, 1)
		}
		i := bucketOf(rtt)
		k := i >> latencySub
		oct := sh.octaves[k].Load()
		if oct == nil {
			oct = sh.octave(k)
		}
		i &= 1<<latencySub - 1
		if n := oct.latency[i].Add(pack(inFlight)); n&packRead == 1 {
			sh.news.Or(1 << k)
			due = due || n&packMask > 1
		}
		if inFlight <= s.lowUpTo.Load() {
			oct.low[i].Add(1)
		}
		if o == TimedOut {
			sh.censored.Add(1) // after the bucket: a reading finds no more of them than round trips
		}
	}
	return due || s.exact && s.left.Add(-1) <= 0
}

// enoughTimeOuts reports whether there are so many that the window may close early.
func (s *samples) enoughTimeOuts(sh *shard) bool {
	early := s.early.Load()
	return early > 0 && (len(s.shards) > 1 || int64(sh.counted[TimedOut].Load()) >= early)
}

// expect sets when calls that end look at the window: after so many samples, or
// when one ends at or after until. In real time only until counts, and who looks
// sets when to look next.
func (s *samples) expect(samples int, until Instant, timeOuts int) {
	for i := range s.shards {
		if p := &s.shards[i].peak; p.Load() != 0 { // most have not met a call since
			p.Store(0)
		}
	}
	s.left.Store(math.MaxInt64)
	if samples > 0 {
		s.left.Store(int64(samples))
	}
	early := int64(0)
	if timeOuts > 0 {
		early = int64(timeOuts)
		for i := range s.shards {
			early += int64(s.shards[i].counted[TimedOut].Load())
		}
	}
	s.early.Store(early)
	s.until.Store(int64(until))
}

// rest has nobody look at the window: it is not collected, or somebody is at it.
func (s *samples) rest() {
	s.left.Store(math.MaxInt64)
	s.early.Store(0)
	s.until.Store(never)
}

const never = math.MaxInt64

// settle moves the round trip of late: its median quickly down and slowly up, so
// that a stretch of overload is not taken for the usual; its 99th percentile the
// other way, because a window of few samples seldom has one.
func (s *samples) settle(median, p99 time.Duration) {
	t := time.Duration(s.typical.Load())
	switch {
	case t == 0:
		t = median
	case median < t:
		t -= (t - median) * 3 / 10
	default:
		t += (median - t) / 20
	}
	s.typical.Store(int64(t))
	t = time.Duration(s.tail.Load())
	if p99 > t {
		t += (p99 - t + 1) / 2
	} else {
		t -= (t - p99) / 20
	}
	s.tail.Store(int64(t))
}

// learn moves the time that a call should have when it is sent, of which p95 is the
// last window's. Late says that more than one in twenty timed out, so that their
// 95th percentile is only what they were given: they need more, and how much more
// is found by giving it. It rises quickly, or the queue goes on sending calls that
// cannot make it, and places are spent on those.
func (s *samples) learn(p95 time.Duration, late bool) {
	t := time.Duration(s.enough.Load())
	switch {
	case late:
		t = max(t, min(max(t, p95)*3/2, 2*p95))
	case t == 0:
		t = p95
	case p95 > t:
		t += (p95 - t + 1) / 2
	default:
		t -= (t - p95) * 3 / 10
	}
	s.enough.Store(int64(t))
}

// peak is the most calls in flight at the start of a sample of this window.
func (s *samples) peak() (n int) {
	for i := range s.shards {
		n = max(n, int(s.shards[i].peak.Load()))
	}
	return n
}

// untimedAtHome is how many untimed calls ever succeeded and kept their place.
func (s *samples) untimedAtHome() (n uint64) {
	for i := range s.shards {
		n += s.shards[i].untimed.Load()
	}
	return n
}

// turnedAway is how many arrivals were ever turned away at the limit.
func (s *samples) turnedAway() (n uint64) {
	for i := range s.shards {
		n += s.shards[i].turnedAway.Load()
	}
	return n
}

// shard is one that goroutines with other hints seldom share.
func (s *samples) shard(hint uint64) *shard {
	return &s.shards[stripe.Spread(hint)>>32&uint64(len(s.shards)-1)]
}
