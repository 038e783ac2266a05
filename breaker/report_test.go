package breaker

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
)

func TestAReportHasLimiterAndBreakerAsOne(t *testing.T) {
	r := newRig(t, fixed(100), Config{})
	require.Equal(t, "closed", r.Report().Breaker.State)
	require.True(t, r.Report().Breaker.Passes)
	r.call(20, adaptive.Failure)
	for range 3 {
		_, err := r.Acquire(context.Background())
		require.ErrorIs(t, err, adaptive.ErrRejected)
	}
	got := r.Report()
	require.Equal(t, "open", got.Breaker.State)
	require.False(t, got.Breaker.Passes)
	require.EqualValues(t, 1, got.Breaker.Opened)
	require.EqualValues(t, 3, got.Stats.Rejected[adaptive.RejectBreakerOpen])
	require.EqualValues(t, 20, got.Stats.Ended[adaptive.Failure])
	require.Contains(t, got.Breaker.States, got.Breaker.State)

	r.now = r.now.Add(1 << 40)
	require.Equal(t, "open", r.Report().Breaker.State, "looking changes nothing")
	for d := range r.Decisions() {
		require.Equal(t, 100, d.To)
	}
}
