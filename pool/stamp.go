package pool

import "time"

// A reading of the clock costs as much as an empty task. While tasks are many and
// short the pool is hot: then most of them are stamped with a reading that is
// a tick old, and one in so many is timed exactly and counts for all of them in the
// quantiles. A pool that is not hot times every task.
const (
	tick     = time.Millisecond
	hotTasks = 64 // starts within a tick that make a pool hot, and keep it so
	sampled  = 16 // of a hot pool, one task in so many is timed
)

// stamp is the time for a job's stamp.
func (c *core) stamp() time.Duration {
	if t := c.coarse.Load(); t != 0 {
		return time.Duration(t)
	}
	return c.now()
}

// sample stamps j as accepted at now, and decides whether it is timed. The lock is
// held.
func (c *core) sample(j *job, now time.Duration) {
	c.accepted++
	j.stands = 1
	if c.coarse.Load() != 0 {
		j.stands = 0
		if c.accepted%sampled == 0 {
			j.stands, now = sampled, c.now()
		}
	}
	j.accepted = now
}

// beats is how many jobs have started since that was last looked at; negative if
// one that had is waiting again.
func (c *core) beats() int { return int(c.starts - c.beatsAt) }

// beat notes a start. The lock is held.
func (c *core) beat(now time.Duration) {
	if c.coarse.Load() != 0 || c.beats() < hotTasks {
		return
	}
	if now-c.beatsFrom < tick {
		c.coarse.Store(int64(max(now, 1)))
		if c.ticker == nil {
			c.ticker = after(tick, c.ticked)
		} else {
			c.ticker.Reset(tick)
		}
	}
	c.beatsAt, c.beatsFrom = c.starts, now
}

func (c *core) ticked() {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.beats() < hotTasks {
		c.coarse.Store(0)
	} else {
		c.coarse.Store(int64(now))
		c.ticker.Reset(tick)
	}
	c.beatsAt, c.beatsFrom = c.starts, now
}
