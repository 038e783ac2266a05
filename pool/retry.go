package pool

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/flyball-go/flyball/adaptive"
)

// Retry is how tasks that fail are tried again: after a pause that doubles, with
// jitter, and no sooner than the downstream asked for; each attempt with a permit
// of its own, in the order of the queue; none held in the pause.
//
// All tasks of a pool share a budget: within Window, retries stay under Share of
// the first attempts, plus Floor a second so that a client of low traffic may
// retry at all. Without one, three attempts of everything are three times the load
// just when the downstream is down. A task whose retry finds the budget used up
// ends with the error of its last attempt.
type Retry struct {
	Attempts   int           // of a task, at most; 0 means 1: no retries
	Backoff    time.Duration // mean pause before the first retry; 0 means 100ms
	MaxBackoff time.Duration // longest mean pause; 0 means 10s
	Share      float64       // of the first attempts that may be retries; 0 means 0.1, the figure of Google's SRE book, chapter 21
	Floor      float64       // retries a second that are always allowed; 0 means 1
	Window     time.Duration // that Share and Floor look at; 0 means 10s, as in Finagle's RetryBudget
}

const maxAttempts = 1000

func (r Retry) withDefaults() Retry {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	r.Attempts = max(r.Attempts, 1)
	def(&r.Backoff, 100*time.Millisecond)
	def(&r.MaxBackoff, max(10*time.Second, r.Backoff))
	def(&r.Window, 10*time.Second)
	if r.Share == 0 {
		r.Share = 0.1
	}
	if r.Floor == 0 {
		r.Floor = 1
	}
	return r
}

func (r Retry) faults() (faults []error) {
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("pool: config: Retry."+format, args...))
	}
	d := r.withDefaults()
	if r.Attempts < 0 || r.Attempts > maxAttempts {
		fault("Attempts is %d, must be 1 to %d, or 0 for 1", r.Attempts, maxAttempts)
	}
	if r.Backoff < 0 {
		fault("Backoff is %v, must not be negative; 0 means 100ms", r.Backoff)
	}
	if r.MaxBackoff < 0 || d.MaxBackoff < d.Backoff {
		fault("MaxBackoff is %v, must be at least Backoff %v, or 0 for 10s", r.MaxBackoff, d.Backoff)
	}
	if !(r.Share >= 0 && r.Share <= 1) {
		fault("Share is %v, must be within 0 and 1; 0 means 0.1", r.Share)
	}
	if !(r.Floor >= 0) || math.IsInf(r.Floor, 0) {
		fault("Floor is %v, must be retries per second; 0 means 1", r.Floor)
	}
	if r.Window < 0 || r.Window > 0 && r.Window < buckets {
		fault("Window is %v, must be at least %v, or 0 for 10s", r.Window, time.Duration(buckets))
	}
	return faults
}

// Retryable reports whether a task that failed with err may succeed if tried
// again: any may but one marked by backoff.Permanent or [adaptive.Ignore], one
// that our own guard rejected, and one that says it was cancelled.
func Retryable(err error) bool {
	var permanent *backoff.PermanentError
	if errors.As(err, &permanent) || errors.Is(err, adaptive.ErrRejected) {
		return false
	}
	return adaptive.Classify(noContext, err).Outcome != adaptive.Ignored
}

// tries is what a job keeps of its retries.
type tries struct {
	n       int // begun so far, the first attempt included
	backoff backoff.ExponentialBackOff
	timer   *time.Timer // that ends the pause
}

// attempt is the number of the job's present or last attempt, from 1.
func (j *job) attempt() int {
	if j.rare == nil || j.rare.tries == nil {
		return 1
	}
	return j.rare.tries.n
}

func (j *job) attempts() int {
	if n := j.pool.kind.Attempts; n > 0 {
		return n
	}
	return j.pool.config.Retry.Attempts
}

// retries reports whether j, which failed with err, is to be tried again if an
// attempt is left and the budget allows it.
func (c *core) retries(j *job, err error) bool {
	if isPanic(err) || j.attempts() == 1 || j.context().Err() != nil {
		return false
	}
	if f := c.parts.Retryable; f != nil {
		return f(err)
	}
	return Retryable(err)
}

// rest makes w's job, which has failed with err, wait for its next attempt, and
// reports whether it has one left, and the budget and its deadline allow that. The
// lock is held.
func (c *core) rest(w *worker, err error, now time.Duration) bool {
	j := w.job
	if j.attempt() >= j.attempts() {
		return false
	}
	t := j.rarely().tries
	if t == nil {
		r := c.config.Retry
		t = &tries{n: 1, backoff: backoff.ExponentialBackOff{
			InitialInterval: r.Backoff, MaxInterval: r.MaxBackoff, Multiplier: 2, RandomizationFactor: 0.5,
		}}
		j.rare.tries = t
	}
	pause := max(t.backoff.NextBackOff(), retryAfter(err))
	if deadline, ok := j.Deadline(); c.cancelled || ok && until(deadline) <= pause {
		return false
	}
	if !c.budget.allow(now) {
		c.counts.denied++
		return false
	}
	t.n++
	c.counts.retried++
	c.leaves(w, now)
	c.full = false
	c.resting++
	j.state = resting
	j.scope.jobs.push(j, family)
	t.timer = after(pause, func() {
		c.mu.Lock()
		if j.rare != nil && j.rare.tries == t && j.state == resting {
			c.resting--
			c.enqueue(j)
		}
		c.unlock()
	})
	return true
}

// retryAfter is how long err asks us to wait; 0 if it does not say.
func retryAfter(err error) time.Duration {
	var after *backoff.RetryAfterError
	if errors.As(err, &after) {
		return after.Duration
	}
	return adaptive.Classify(noContext, err).RetryAfter
}
