package breaker

import (
	"testing"
	"time"

	"github.com/sony/gobreaker/v2"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
)

func TestForceOpenRejectsUntilReset(t *testing.T) {
	r := newRig(t, adaptive.Config{Law: "fixed:64", Initial: 64}, Config{})
	r.ForceOpen()
	r.pass(1000 * time.Hour)
	require.ErrorIs(t, r.rejected(adaptive.RejectBreakerOpen), gobreaker.ErrOpenState)
	_, err := r.lim.Acquire(t.Context())
	require.ErrorIs(t, err, gobreaker.ErrOpenState)
	r.ForceOpen()
	r.Reset()
	require.Equal(t, 16, r.lim.Limit(), "as after an outage")
	r.call(1, adaptive.Success)
	require.Equal(t, []State{ForcedOpen, Closed}, r.changes)
	require.Zero(t, r.Stats().Opened, "not by itself")
}

func TestForceClosedCountsButDoesNotTrip(t *testing.T) {
	r := newRig(t, fixed(100), Config{Silence: time.Second, Consecutive: 3})
	r.ForceClosed()
	for range 50 {
		r.call(1, adaptive.Failure)
		r.pass(100 * time.Millisecond)
	}
	s := r.Stats()
	require.Equal(t, ForcedClosed, s.State)
	require.Equal(t, uint64(50), s.Failures)
	r.Reset()
	require.Zero(t, r.Stats().Failures)
	r.call(2, adaptive.Failure)
	require.Equal(t, Closed, r.State(), "what was counted is forgotten")
	r.call(1, adaptive.Failure)
	require.Equal(t, []State{ForcedClosed, Closed, Open}, r.changes)
}

func TestDisabledCountsNothing(t *testing.T) {
	r := newRig(t, fixed(100), Config{})
	r.Disable()
	r.call(100, adaptive.Failure)
	s := r.Stats()
	require.Equal(t, Disabled, s.State)
	require.Zero(t, s.Failures)
	p := r.start()
	r.Reset()
	p.Done(adaptive.Failure)
	require.Zero(t, r.Stats().Failures, "admitted while disabled")
}

// TestEveryForcedChangeLeavesAWholeBreaker goes from each state to each by hand, and then
// lets calls through until it is closed.
func TestEveryForcedChangeLeavesAWholeBreaker(t *testing.T) {
	into := []struct {
		name string
		do   func(*rig)
	}{
		{"closed", func(*rig) {}},
		{"open", func(r *rig) { r.trip() }},
		{"half-open", func(r *rig) { r.trip(); r.untilProbes(); r.start() }},
		{"forced open", func(r *rig) { r.ForceOpen() }},
		{"forced closed", func(r *rig) { r.ForceClosed() }},
		{"disabled", func(r *rig) { r.Disable() }},
	}
	by := []struct {
		name string
		do   func(*Breaker)
		want State
	}{
		{"ForceOpen", (*Breaker).ForceOpen, ForcedOpen},
		{"ForceClosed", (*Breaker).ForceClosed, ForcedClosed},
		{"Disable", (*Breaker).Disable, Disabled},
		{"Reset", (*Breaker).Reset, Closed},
	}
	for _, from := range into {
		for _, f := range by {
			t.Run(from.name+" "+f.name, func(t *testing.T) {
				r := newRig(t, fixed(100), Config{})
				before := r.start()
				from.do(r)
				f.do(r.Breaker)
				require.Equal(t, f.want, r.State())
				r.pass(time.Hour)
				require.Equal(t, f.want, r.State(), "until told otherwise")
				if f.want == ForcedOpen {
					r.rejected(adaptive.RejectBreakerOpen)
					r.Reset()
				}
				before.Done(adaptive.Failure)
				for range 300 {
					r.call(1, adaptive.Success)
				}
				require.Equal(t, 100, r.lim.Limit())
				require.LessOrEqual(t, r.lim.Stats().InFlight, 1, "a probe that hangs")
				for i := 1; i < len(r.changes); i++ {
					require.NotEqual(t, r.changes[i-1], r.changes[i])
				}
			})
		}
	}
}

func TestAForcedChangeDuringAWaitReachesWhoWaits(t *testing.T) {
	r := newRig(t, fixed(1), Config{})
	p := r.start()
	var got error
	r.AcquireFunc(func(_ adaptive.Permit, err error) { got = err })
	r.ForceOpen()
	require.ErrorIs(t, got, gobreaker.ErrOpenState)
	p.Done(adaptive.Success)
}
