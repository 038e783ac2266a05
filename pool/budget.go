package pool

import "time"

const buckets = 10

// budget counts first attempts and retries in a window that slides by a tenth of
// its length.
type budget struct {
	retry   Retry
	ring    [buckets]struct{ first, retries int }
	first   int // sums over the ring
	retries int
	at      int64 // number of the bucket that counts now
}

func (b *budget) slide(now time.Duration) {
	at := int64(now / (b.retry.Window / buckets))
	for n := min(at-b.at, buckets); n > 0; n-- {
		old := &b.ring[(at-n+1)%buckets]
		b.first -= old.first
		b.retries -= old.retries
		*old = struct{ first, retries int }{}
	}
	b.at = max(b.at, at)
}

// began counts a first attempt.
func (b *budget) began(now time.Duration) {
	b.slide(now)
	b.first++
	b.ring[b.at%buckets].first++
}

// allow counts a retry if the budget has one left.
func (b *budget) allow(now time.Duration) bool {
	b.slide(now)
	if float64(b.retries+1) > b.retry.Share*float64(b.first)+b.retry.Floor*b.retry.Window.Seconds() {
		return false
	}
	b.retries++
	b.ring[b.at%buckets].retries++
	return true
}
