package breaker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flyball-go/flyball/adaptive"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a breaker on a clock that the test moves.
type rig struct {
	t   *testing.T
	now adaptive.Instant
	lim *adaptive.Limiter
	*Breaker
	changes []State
	last    []Change
}

// newRig makes a breaker on a limiter whose limit is fixed at n, unless lim says
// otherwise.
func newRig(t *testing.T, lim adaptive.Config, c Config) *rig {
	t.Helper()
	r := &rig{t: t}
	var err error
	r.lim, err = adaptive.NewWith(lim, adaptive.Parts{
		Clock: adaptive.Clock{Now: func() adaptive.Instant { return r.now }},
	})
	require.NoError(t, err)
	r.Breaker, err = NewWith(r.lim, classic(c), Parts{OnStateChange: func(c Change) { r.changes, r.last = append(r.changes, c.To), append(r.last, c) }})
	require.NoError(t, err)
	return r
}

// classic fills in what most of these tests were thought out for: the rate alone,
// Hystrix's numbers, and no jitter.
func classic(c Config) Config {
	set(&c.Silence, never)
	set(&c.AtFloor, never)
	set(&c.Rate, 0.5)
	set(&c.Open.Base, 5*time.Second)
	set(&c.Open.Factor, 2)
	set(&c.Open.Max, time.Minute)
	set(&c.Open.Jitter, never)
	set(&c.ProbeShare, 1)
	set(&c.ProbeWithin, 3*time.Second)
	return c
}

func fixed(n int) adaptive.Config {
	return adaptive.Config{Law: "fixed:1000", Initial: n, Min: n, Max: n}
}

func (r *rig) pass(d time.Duration) { r.now = r.now.Add(d) }

// start starts a call that the breaker must admit.
func (r *rig) start() adaptive.Permit {
	r.t.Helper()
	p, err := r.Acquire(r.t.Context())
	require.NoError(r.t, err)
	return p
}

// call makes n calls that take a millisecond and end as o.
func (r *rig) call(n int, o adaptive.Outcome) {
	r.t.Helper()
	for range n {
		p := r.start()
		r.pass(time.Millisecond)
		p.Done(o)
	}
}

// rejected requires that a call is rejected for the given reason.
func (r *rig) rejected(why adaptive.RejectReason) error {
	r.t.Helper()
	_, err := r.Acquire(r.t.Context())
	var e *adaptive.RejectedError
	require.ErrorAs(r.t, err, &e)
	require.Equal(r.t, why, e.Reason)
	return err
}

// trip opens a breaker that has seen nothing.
func (r *rig) trip() {
	r.t.Helper()
	r.call(r.Breaker.Config().MinVolume, adaptive.Failure)
	require.Equal(r.t, Open, r.State())
}

// untilProbes lets the open time pass.
func (r *rig) untilProbes() {
	r.t.Helper()
	r.now = r.Stats().Until + 1
	require.Equal(r.t, HalfOpen, r.State())
}

// try starts a call that will not wait for a permit.
func (r *rig) try() (p adaptive.Permit, ok bool) {
	stop := r.AcquireFunc(func(got adaptive.Permit, err error) { p, ok = got, err == nil })
	return p, !stop() && ok
}
