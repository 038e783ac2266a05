package simulate

import (
	"errors"
	"math"
	"slices"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// client is one member of the fleet: a guard, a retry budget and a clock.
type client struct {
	guard   acquirer          // nil lets every call through
	views   []acquirer        // of guard, one for each class; nil if it is told of none
	limiter *adaptive.Limiter // whose limit is measured; nil if none
	limit   int               // as last seen
	wall    time.Time         // at instant 0, by its clock
	tokens  float64           // of the retry budget
	offered uint64
	served  uint64

	// Of calls that are in flight when the run ends.
	flying, permits int
}

// maxTokens is how many retries a budget saves up.
const maxTokens = 10

// arrive begins a call.
func (r *run) arrive(c *client, id uint64, user int32) {
	a := r.calls.take(r.made)
	a.id, a.try, a.class, a.client, a.user, a.born = id, 0, r.classOf(id), c, user, r.now
	c.offered++
	r.meter.arrived(a.class)
	r.acquire(a)
}

func (r *run) made(a *attempt) {
	a.got = func(p adaptive.Permit, err error) { r.got(a, p, err) }
}

// acquire asks the guard for a permit and arms the time-out, which counts from
// here whether the call waits or is sent.
func (r *run) acquire(a *attempt) {
	r.meter.attempts++
	a.state = waiting
	if a.client.guard == nil {
		r.got(a, adaptive.Permit{}, nil)
	} else {
		gen := a.gen
		stop := r.guardOf(a).AcquireFunc(a.got)
		r.observe(a.client)
		if a.gen != gen || a.state == ended {
			return // rejected
		}
		a.stop = stop
	}
	switch timeout := r.timeout(a); timeout {
	case 0:
	case r.sc.Timeout:
		r.agenda.after(r.now+int64(timeout), timedOut, a.ref, a.gen)
	default:
		r.agenda.plan(r.now+int64(timeout), timedOut, a.ref, a.gen)
	}
	if a.state == waiting && r.sc.Wait.Max > 0 {
		r.agenda.after(r.now+int64(r.sc.Wait.Max), patienceOver, a.ref, a.gen)
	}
}

// guardOf is the guard of a's client. One that runs as a program would have it is told
// the deadline, as Acquire tells it that of a ctx.
func (r *run) guardOf(a *attempt) acquirer {
	c, patience := a.client, r.timeout(a)
	if r.guard.config == nil || r.sc.Wait.Queue == 0 || patience == 0 {
		if c.views != nil {
			return c.views[a.class]
		}
		return c.guard
	}
	var call adaptive.Call
	if len(r.sc.Classes) > 0 {
		call = r.sc.Classes[a.class].call()
	}
	call.Deadline = r.instant().Add(patience)
	return viewOf(c.guard, call)
}

// look makes the views of c's guard, if a class has something to tell it.
func (c *client) look(classes []Class) {
	told := func(cl Class) bool { return cl.Weight > 1 || cl.Priority != 0 }
	if c.guard == nil || !slices.ContainsFunc(classes, told) {
		return
	}
	for i := range classes {
		c.views = append(c.views, viewOf(c.guard, classes[i].call()))
	}
}

func viewOf(g acquirer, call adaptive.Call) acquirer {
	if ch, chained := g.(chain); chained {
		ch.inner = viewOf(ch.inner, call)
		return ch
	}
	return g.(interface {
		With(adaptive.Call) adaptive.Guard
	}).With(call)
}

// got is the guard's answer.
func (r *run) got(a *attempt, p adaptive.Permit, err error) {
	if err != nil {
		r.reject(a, r.reasonOf(err))
		return
	}
	a.permit, a.admitted, a.state, a.held = p, r.now, inFlight, true
	r.meter.admitted++
	r.meter.inFlight.add(r.now, 1)
	if leg := int64(r.sc.Downstream.Network) / 2; leg > 0 {
		r.agenda.after(r.now+leg, reached, a.ref, a.gen)
		return
	}
	r.down.arrive(a)
}

// reasonOf is why a guard rejected. Guards make their errors in advance, so the
// one before this is most likely the same.
func (r *run) reasonOf(err error) adaptive.RejectReason {
	if err != r.lastErr {
		var e *adaptive.RejectedError
		r.lastErr, r.lastReason = err, adaptive.RejectLimit
		if errors.As(err, &e) {
			r.lastReason = e.Reason
		}
	}
	return r.lastReason
}

// giveUp withdraws a call that has waited too long for a permit.
func (r *run) giveUp(a *attempt) {
	if a.stop() {
		r.reject(a, adaptive.RejectQueueTimeout)
	}
}

func (r *run) reject(a *attempt, reason adaptive.RejectReason) {
	r.meter.rejectedFor[reason]++
	a.state = ended
	r.over(a, &r.meter.rejected)
}

// timeOut ends an attempt whose caller leaves. The downstream goes on with it.
func (r *run) timeOut(a *attempt) {
	if a.state == waiting {
		r.giveUp(a)
		return
	}
	r.conclude(a, adaptive.Result{Outcome: adaptive.TimedOut})
}

// answer is what has come back from the downstream.
func (r *run) answer(a *attempt) {
	a.held = false
	if a.state != inFlight {
		r.calls.put(a)
		return
	}
	r.conclude(a, a.result)
}

// conclude ends an admitted attempt.
func (r *run) conclude(a *attempt, res adaptive.Result) {
	a.state = ended
	r.meter.inFlight.add(r.now, -1)
	r.meter.concluded(a, r.now, res.Outcome)
	if r.heard != nil {
		r.heard(a, res)
	}
	c := a.client
	if c.guard != nil {
		a.permit.DoneResult(res)
		r.observe(c)
	}
	if res.Outcome == adaptive.Success {
		c.served++
		c.tokens = math.Min(c.tokens+r.sc.Retries.Budget, maxTokens)
		r.over(a, &r.meter.served)
		return
	}
	if r.retry(a, res) {
		r.calls.put(a)
		return
	}
	switch res.Outcome {
	case adaptive.TimedOut:
		r.over(a, &r.meter.late)
	case adaptive.Refused:
		r.over(a, &r.meter.refused)
	default:
		r.over(a, &r.meter.failed)
	}
}

// retry plans the next attempt of a call if there is to be one.
func (r *run) retry(a *attempt, res adaptive.Result) bool {
	how := &r.sc.Retries
	c := a.client
	if int(a.try) >= how.Count || how.Budget > 0 && c.tokens < 1 {
		return false
	}
	if how.Budget > 0 {
		c.tokens--
	}
	backoff := how.Backoff
	if backoff == 0 {
		backoff = r.timeout(a) / 20
	}
	factor := math.Ldexp(0.5+r.dice.at(r.streams.backoff, a.id, a.try).Float64(), int(a.try))
	pause := max(time.Duration(float64(backoff)*factor), res.RetryAfter)
	next := r.calls.take(r.made)
	next.id, next.try, next.class, next.client, next.user, next.born, next.state = a.id, a.try+1, a.class, c, a.user, a.born, backedOff
	r.agenda.plan(r.now+int64(pause), retries, next.ref, next.gen)
	return true
}

// over ends the call of which a was the last attempt.
func (r *run) over(a *attempt, how *tally) {
	r.meter.over(a.class, how)
	user := a.user
	r.calls.put(a)
	if user >= 0 {
		r.users[user].work.ended(r.now, how == &r.meter.rejected)
		r.think(user)
	}
}

// observe notes the limit of c.
func (r *run) observe(c *client) {
	if c.limiter == nil {
		return
	}
	if n := c.limiter.Limit(); n != c.limit {
		r.meter.limit.add(r.now, int64(n-c.limit))
		c.limit = n
	}
}

// acquirer is the half of adaptive.Guard that needs no goroutine to wait in.
type acquirer interface {
	AcquireFunc(f func(adaptive.Permit, error)) (stop func() bool)
}
