package peers

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// bbr is the limiter of go-kratos/aegis, from https://go-kratos.dev/docs/component/middleware/ratelimit
// and the behaviour of its ratelimit/bbr. Over the last 10 s, in buckets of 100 ms of
// which the present one does not count, it takes the most calls that ended in a bucket
// and the least mean round trip of one:
//
//	limit = most · 10 buckets a second · least in seconds
//
// One more than that may be in flight, and two always. Round trips are whole
// milliseconds, rounded down, and 0 is none; the least is 1.
//
// Theirs limits only while the CPUs of its machine are busy, of which an outbound client
// learns nothing. This one does always, once a bucket has had a call: theirs would have
// measured by the time it limits, too.
type bbr struct {
	buckets [bbrBuckets]bucket
	present int64 // number of the bucket that fills
	known   bool
	most    int // what follows from the buckets before the present one
}

const (
	bbrBuckets = 100
	bbrBucket  = 100 * time.Millisecond
)

type bucket struct {
	ended, timed int
	sum          time.Duration // in whole milliseconds
}

func newBBR(*rand.Rand) limiter { return &bbr{} }

func (b *bbr) limit(now adaptive.Instant) int {
	if n := int64(now) / int64(bbrBucket); n > b.present {
		b.turn(n)
	}
	if !b.known {
		return highest
	}
	return max(b.most, 1) + 1
}

func (b *bbr) admit(adaptive.Instant, int) func(adaptive.End) { return b.ended }

func (b *bbr) ended(e adaptive.End) {
	b.limit(e.At)
	k := &b.buckets[b.present%bbrBuckets]
	k.ended++
	if rtt := e.RoundTrip().Truncate(time.Millisecond); rtt > 0 {
		k.timed++
		k.sum += rtt
	}
}

// turn begins bucket n.
func (b *bbr) turn(n int64) {
	for b.present = max(b.present, n-bbrBuckets); b.present < n; {
		b.known = b.known || b.buckets[b.present%bbrBuckets].ended > 0
		b.present++
		b.buckets[b.present%bbrBuckets] = bucket{}
	}
	most, least := 1, math.Inf(1)
	for i, k := range b.buckets {
		if int64(i) == n%bbrBuckets {
			continue
		}
		most = max(most, k.ended)
		if k.timed > 0 {
			least = min(least, float64(k.sum)/float64(k.timed))
		}
	}
	if math.IsInf(least, 1) {
		least = float64(time.Millisecond)
	}
	ms := math.Ceil(least / float64(time.Millisecond))
	b.most = int(float64(most) * ms * float64(time.Second/bbrBucket) / 1000)
}
