package pool

import (
	"slices"
	"time"
)

// A TaskInfo is what [Pool.Tasks] tells of a task that is not over.
type TaskInfo struct {
	Name    string        // of its Kind
	State   string        // "waiting", "running", or "resting" between two attempts
	Age     time.Duration // since it was accepted
	Running time.Duration // since its present attempt started; 0 if none runs
	Attempt int           // number of the present or last attempt, from 1
}

// Tasks returns the tasks that are not over, oldest first.
func (p *Pool) Tasks() []TaskInfo {
	c := p.core
	now := c.now()
	c.mu.Lock()
	list := make([]TaskInfo, 0, c.live)
	c.eachTaken(func(j *job, runs bool) { list = append(list, j.info(now, runs)) })
	c.eachIdle(func(j *job) { list = append(list, j.info(now, false)) })
	c.mu.Unlock()
	slices.SortStableFunc(list, func(a, b TaskInfo) int { return int(b.Age - a.Age) })
	return list
}

func (j *job) info(now time.Duration, runs bool) TaskInfo {
	t := TaskInfo{Name: j.pool.kind.Name, State: "waiting", Age: now - j.accepted, Attempt: j.attempt()}
	switch {
	case runs:
		t.State, t.Running = "running", now-j.started
	case j.state == resting:
		t.State = "resting"
	}
	return t
}

// watchStuck sees to it that somebody looks when the first of the tasks that run
// has run for too long. The lock is held.
func (c *core) watchStuck() {
	if !c.checking && c.parts.OnStuck != nil {
		c.checking = true
		after(c.config.Stuck, c.checkStuck)
	}
}

func (c *core) checkStuck() {
	var found []TaskInfo
	now, next := c.now(), time.Duration(0)
	c.mu.Lock()
	c.eachTaken(func(j *job, runs bool) {
		if !runs || j.stuck {
			return
		}
		if left := j.started + c.config.Stuck - now; left > 0 {
			if next == 0 || left < next {
				next = left
			}
		} else {
			j.stuck = true
			found = append(found, j.info(now, true))
		}
	})
	c.checking = next > 0
	if c.checking {
		after(next, c.checkStuck)
	}
	c.mu.Unlock()
	for _, t := range found {
		c.parts.OnStuck(t)
	}
}
