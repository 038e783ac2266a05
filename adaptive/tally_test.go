package adaptive

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// reading is a tally and what it reads, of one stripe.
func reading() (*tally, *samples) {
	t, s := newTally(), newSamples(Clock{Now: func() Instant { return 0 }})
	s.counts.Store(1<<31 - 1)
	s.left.Store(1 << 40)
	s.until.Store(never)
	return &t, s
}

func TestAReadingHasEveryCallOnce(t *testing.T) {
	r, s := reading()
	sh := &s.shards[0]
	for round := 1; round <= 3; round++ {
		for _, d := range []time.Duration{1, 20_000, 20_000, 21_000, time.Second} {
			s.record(sh, 2, d, Success, 0)
		}
		s.record(sh, 2, time.Hour, TimedOut, 0)
		s.record(sh, 2, 5, Refused, 0)
		r.read(s, 0, true, false)
		r.read(s, 0, true, false)
		require.EqualValues(t, 5*round, r.ended[Success])
		require.EqualValues(t, round, r.ended[TimedOut])
		require.EqualValues(t, round, r.ended[Refused])
		require.Equal(t, 7*round, r.timed)
		require.EqualValues(t, 14*round, r.inFlight)
		require.Equal(t, 6*round, r.latency.Count())
		require.Zero(t, sh.news.Load())
	}
}

// One call has been counted in a bucket and was then cut short before it told of it;
// another has ended there since.
func TestWhoNeedsEveryCallDoesNotWaitForNews(t *testing.T) {
	r, s := reading()
	sh := &s.shards[0]
	const d = 20 * time.Microsecond
	i := bucketOf(d)
	oct := sh.octave(i >> latencySub)
	oct.latency[i&(1<<latencySub-1)].Add(pack(1))
	s.record(sh, 1, d, Success, 0)

	r.read(s, 0, true, false)
	require.Zero(t, r.ended[Success])
	r.read(s, 0, true, true)
	require.EqualValues(t, 2, r.ended[Success])

	sh.news.Or(1 << (i >> latencySub)) // now it does
	r.read(s, 0, true, false)
	require.EqualValues(t, 2, r.ended[Success])
}

// A time-out is counted as one before and after its round trip; a success less must
// not come of that.
func TestATimeOutIsReadWithItsRoundTrip(t *testing.T) {
	r, s := reading()
	sh := &s.shards[0]
	const d = 20 * time.Microsecond
	i := bucketOf(d)
	sh.octave(i >> latencySub).latency[i&(1<<latencySub-1)].Add(pack(1)) // of one that has not told yet
	s.record(sh, 1, d, TimedOut, 0)
	r.read(s, 0, true, false)
	require.EqualValues(t, 1, r.ended[Success])
	require.EqualValues(t, 1, r.ended[TimedOut])
	require.Equal(t, 1, r.censored)
}

func TestABucketIsReadBeforeItsCountWrapsRound(t *testing.T) {
	_, s := reading()
	sh := &s.shards[0]
	const d = 20 * time.Microsecond
	i := bucketOf(d)
	require.False(t, s.record(sh, 1, d, Success, 0), "the first is no reason to look")
	sh.octave(i >> latencySub).latency[i&(1<<latencySub-1)].Add(packRead - 1)
	require.False(t, s.record(sh, 1, d, Success, 0))
	require.True(t, s.record(sh, 1, d, Success, 0))
	require.False(t, s.record(sh, 1, d, Success, 0))
}
