package breaker

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
)

func TestAViewsCallsWeighAndCount(t *testing.T) {
	r := newRig(t, fixed(16), Config{})
	heavy := r.With(adaptive.Call{Weight: 4})
	var out []adaptive.Permit
	for range 4 {
		p, err := heavy.Acquire(t.Context())
		require.NoError(t, err)
		out = append(out, p)
	}
	require.Equal(t, 16, r.lim.Stats().InFlight)
	waited := false
	heavy.AcquireFunc(func(p adaptive.Permit, err error) {
		require.NoError(t, err)
		p.Done(adaptive.Failure)
		waited = true
	})
	require.False(t, waited)
	for _, p := range out {
		p.Done(adaptive.Failure)
	}
	require.True(t, waited)
	r.call(15, adaptive.Failure)
	require.Equal(t, Open, r.State())
	_, err := heavy.Acquire(t.Context())
	require.ErrorIs(t, err, adaptive.ErrRejected)

	r.untilProbes()
	p, err := heavy.Acquire(t.Context())
	require.NoError(t, err, "a probe may be heavy")
	p.Done(adaptive.Success)
	require.Equal(t, uint64(1), r.Stats().Successes)
}

func TestAViewThatCannotBeSaysSo(t *testing.T) {
	r := newRig(t, fixed(16), Config{})
	_, err := r.With(adaptive.Call{Weight: -1}).Acquire(t.Context())
	require.ErrorContains(t, err, "Weight is -1")
	r.trip()
	r.untilProbes()
	_, err = r.With(adaptive.Call{Weight: -1}).Acquire(t.Context())
	require.ErrorContains(t, err, "Weight is -1")
	r.call(1, adaptive.Success)
}
