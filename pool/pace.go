package pool

import "golang.org/x/time/rate"

func newPace(c Config) *rate.Limiter {
	if c.Rate == 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(c.Rate), c.Burst)
}

func (j *job) weight() int { return max(j.pool.kind.Weight, 1) }

// paid reports whether j may start as far as the rate goes. If not, starts pause
// until it may: the pool reserves for one job at a time. The lock is held.
func (c *core) paid(j *job) bool {
	need := j.weight() - c.credit
	if need <= 0 {
		c.credit -= j.weight()
		return true
	}
	now := wallClock()
	r := c.pace.ReserveN(now, need)
	d := r.DelayFrom(now)
	if d == 0 {
		c.credit = 0
		return true
	}
	c.paused = true
	after(d, func() {
		c.mu.Lock()
		c.paused = false
		c.credit += need
		for s := c.scopes; s != nil; s = s.next {
			c.lend(s)
		}
		c.startMore()
		c.unlock()
	})
	return false
}
