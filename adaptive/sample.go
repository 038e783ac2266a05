package adaptive

import (
	"math/bits"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"
)

// shard is one stripe of what calls report when they end, so that CPUs do not
// fight over one word. Everything in it only grows; a window is the difference
// between two readings (see tally), so closing one takes nothing away from the
// calls that end meanwhile.
type shard struct {
	// sum counts the samples in its low 24 bits and adds up their calls in flight
	// at the start above that: one add for both. Differences are exact as long as
	// a window has fewer than 2^24 samples.
	sum     atomic.Uint64
	check   atomic.Uint32 // low 24 bits of sum at which the window may be full
	peak    atomic.Uint32 // most calls in flight at the start of a sample, this window
	counted [Outcomes]atomic.Uint64
	stale   [Outcomes]atomic.Uint64 // ended, but admitted too early or too late to count
	octaves atomic.Uint64           // bit i: a bucket in group i of 16 was ever used
	latency []atomic.Uint64         // by bucket
	low     []atomic.Uint64         // the same, of calls started at low concurrency
	_       [64]byte
}

const (
	sampleBits = 24
	sampleMask = 1<<sampleBits - 1
)

// samples is what calls write when they end.
type samples struct {
	shards []shard

	// The words below are read by every call and written once a window.
	window  atomic.Uint32 // number of the window that calls admitted now belong to
	counts  atomic.Uint64 // first window number that counts, and how many from there on: 32 bits each
	lowUpTo atomic.Uint32 // calls in flight at the start that count as low concurrency
	until   atomic.Int64  // when a call that ends should look whether the window is over
	early   atomic.Int64  // count of time-outs at which one should look; 0 means never
	typical atomic.Int64  // round trip of late, in nanoseconds; 0 if unknown
	tail    atomic.Int64  // its 99th percentile, likewise
}

// newSamples makes stripes for n CPUs that run at once.
func newSamples(n int) *samples {
	size := 1
	for size < min(n, 16) {
		size *= 2
	}
	s := &samples{shards: make([]shard, size)}
	for i := range s.shards {
		s.shards[i].latency = make([]atomic.Uint64, latencyBuckets)
		s.shards[i].low = make([]atomic.Uint64, latencyBuckets)
	}
	return s
}

// stripes is one in virtual time, where a single goroutine runs and the window
// must close at exactly the right call; otherwise one a CPU.
func stripes(c Clock) int {
	if c.Now != nil {
		return 1
	}
	return runtime.GOMAXPROCS(0)
}

// record notes how the call of p ended and reports whether it is time to look at
// the window.
func (s *samples) record(p *Permit, o Outcome, at Instant) (due bool) {
	// Slots are spread over goroutines, so that stripes are, too.
	sh := &s.shards[uintptr(unsafe.Pointer(p.slot))/unsafe.Sizeof(slot{})%uintptr(len(s.shards))]
	due = int64(at) >= s.until.Load()
	c := s.counts.Load()
	if uint32(p.tag>>32)-uint32(c>>32) > uint32(c) {
		sh.stale[o].Add(1)
		return due
	}
	rtt := max(at.Sub(p.start), 1)
	inFlight := p.tag & (1<<32 - 1)
	switch o {
	case Success:
	case TimedOut:
		if n, early := sh.counted[o].Add(1), s.early.Load(); early > 0 && (len(s.shards) > 1 || int64(n) >= early) {
			due = true
		}
	case Refused:
		sh.counted[o].Add(1)
	default:
		sh.counted[o].Add(1)
		return due
	}
	if o != Refused {
		i := bucketOf(rtt)
		if used := uint64(1) << (i >> latencySub); sh.octaves.Load()&used == 0 {
			sh.octaves.Or(used)
		}
		sh.latency[i].Add(1)
		if inFlight <= uint64(s.lowUpTo.Load()) {
			sh.low[i].Add(1)
		}
	}
	if n := uint32(inFlight); n > sh.peak.Load() {
		sh.peak.Store(n) // a race loses one of two near-equal peaks
	}
	n := uint32(sh.sum.Add(inFlight<<sampleBits | 1))
	return due || (n-sh.check.Load())&sampleMask < 1<<(sampleBits-1)
}

// tally is a reading of all shards.
type tally struct {
	sum     uint64
	counted [Outcomes]uint64 // Success is not in it: it is what remains of latency
	stale   [Outcomes]uint64
	latency []uint64
	low     []uint64
}

func newTally() tally {
	return tally{latency: make([]uint64, latencyBuckets), low: make([]uint64, latencyBuckets)}
}

// since fills in w with what the shards counted since t was taken, and t with
// what they count now.
func (s *samples) since(t *tally, w *Window) {
	w.Latency.c.Reset()
	w.Low.c.Reset()
	var now tally
	var peak uint32
	for i := range s.shards {
		sh := &s.shards[i]
		now.sum += sh.sum.Load()
		peak = max(peak, sh.peak.Load())
		for o := range Outcomes {
			now.counted[o] += sh.counted[o].Load()
			now.stale[o] += sh.stale[o].Load()
		}
	}
	used := s.octaves()
	samples := now.sum - t.sum
	w.PeakInFlight = int(peak)
	if n := samples & sampleMask; n > 0 {
		w.MeanInFlight = float64(samples>>sampleBits) / float64(n)
	}
	diff(s.shards, used, func(sh *shard) []atomic.Uint64 { return sh.latency }, t.latency, w.Latency)
	if s.lowUpTo.Load() > 0 {
		diff(s.shards, used, func(sh *shard) []atomic.Uint64 { return sh.low }, t.low, w.Low)
	}
	for o := range Outcomes {
		w.Count[o] = int(now.counted[o] - t.counted[o])
		w.Completions += w.Count[o] + int(now.stale[o]-t.stale[o])
	}
	w.Count[Success] = w.Latency.Count() - w.Count[TimedOut]
	w.Completions += w.Count[Success]
	t.sum, t.counted, t.stale = now.sum, now.counted, now.stale
}

// octaves is which groups of 16 buckets were ever used. Most limiters see round
// trips within a few octaves, and reading all buckets would cost more than the
// calls of a small window.
func (s *samples) octaves() (used uint64) {
	for i := range s.shards {
		used |= s.shards[i].octaves.Load()
	}
	return used
}

// diff adds to h what each bucket gained since last, and brings last up to date.
func diff(shards []shard, used uint64, of func(*shard) []atomic.Uint64, last []uint64, h *Histogram) {
	for ; used != 0; used &= used - 1 {
		first := bits.TrailingZeros64(used) << latencySub
		for i := first; i < min(first+1<<latencySub, latencyBuckets); i++ {
			var n uint64
			for k := range shards {
				n += of(&shards[k])[i].Load()
			}
			if n != last[i] {
				h.c.AddBucket(i, n-last[i])
				last[i] = n
			}
		}
	}
}

// count is how many samples came in since t was taken.
func (s *samples) count(t *tally) int {
	var sum uint64
	for i := range s.shards {
		sum += s.shards[i].sum.Load()
	}
	return int((sum - t.sum) & sampleMask)
}

// ended is how many calls ended that count, since t was taken.
func (s *samples) ended(t *tally) int {
	n := s.count(t)
	for _, o := range [...]Outcome{Ignored, Failure, Abandoned} {
		n += int(s.total(o) - t.counted[o])
	}
	return n
}

// endedBy is how many calls ever ended, by outcome.
func (s *samples) endedBy() (n [Outcomes]uint64) {
	for i := range s.shards {
		sh := &s.shards[i]
		// Before latency, which counts time-outs too and must not be behind.
		for o := range Outcomes {
			n[o] += sh.counted[o].Load() + sh.stale[o].Load()
		}
		n[Success] -= sh.counted[TimedOut].Load()
		for b := range sh.latency {
			n[Success] += sh.latency[b].Load()
		}
	}
	return n
}

func (s *samples) total(o Outcome) (n uint64) {
	for i := range s.shards {
		n += s.shards[i].counted[o].Load()
	}
	return n
}

// expect sets when calls that end look at the window: after so many samples, or
// when one ends at or after until.
func (s *samples) expect(samples int, until Instant, timeOuts int) {
	step := uint64(sampleMask / 2) // never, for want of samples
	if samples > 0 {
		step = max(1, uint64(samples/len(s.shards)))
	}
	for i := range s.shards {
		sh := &s.shards[i]
		sh.check.Store(uint32(sh.sum.Load()+step) & sampleMask)
		sh.peak.Store(0)
	}
	early := int64(0)
	if timeOuts > 0 {
		early = int64(s.total(TimedOut)) + int64(timeOuts)
	}
	s.early.Store(early)
	s.until.Store(int64(until))
}

// lookAgain is for when one stripe has its share of the samples and others have
// not: it sets when to look for the missing ones.
func (s *samples) lookAgain(missing int) {
	step := uint64(max(1, missing/len(s.shards)))
	for i := range s.shards {
		sh := &s.shards[i]
		sh.check.Store(uint32(sh.sum.Load()+step) & sampleMask)
	}
}

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
