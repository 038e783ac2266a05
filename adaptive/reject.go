package adaptive

import "github.com/flyball-go/flyball/internal/stripe"

// noteBlocked counts an arrival that found no place and may wait for one, or is told
// of a bar. One that is held back as the downstream asked says nothing of whether
// there are places enough.
func (l *Limiter) noteBlocked() {
	if b := l.barred.Load(); b == nil || !b.holdsBack() {
		l.lookSeldom(l.blocked.Add(1))
	}
}

// lookSeldom is called by the n-th of arrivals that found no place. A window may
// be waiting for calls that never end, so now and then such an arrival looks at it;
// seldom, because rejecting must cost less than a look at the clock.
func (l *Limiter) lookSeldom(n uint64) {
	if n&63 == 0 || n&(n-1) == 0 {
		if now := l.Now(); int64(now) >= l.samples.until.Load() {
			l.tick(now)
		}
	}
}

// blockedEver is how many arrivals ever found no place.
func (l *Limiter) blockedEver() uint64 { return l.blocked.Load() + l.samples.turnedAway() }

// turnAway counts a blocked arrival that will not wait and returns why.
func (l *Limiter) turnAway() error {
	if b := l.barred.Load(); b != nil {
		l.noteBlocked()
		return l.rejectBy(b)
	}
	l.lookSeldom(l.samples.shard(stripe.Hint()).turnedAway.Add(1))
	return l.rejection[RejectLimit]
}

// reject counts a rejection and returns its error.
func (l *Limiter) reject(r RejectReason) error {
	l.rejected[r].Add(1)
	return l.rejection[r]
}

// Rejection is the error of rejections for reason r; there is one of each.
func (l *Limiter) Rejection(r RejectReason) *RejectedError { return l.rejection[r] }
