package breaker

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
)

func TestAClosedLimiterIsToldOfInEveryState(t *testing.T) {
	r := newRig(t, fixed(4), Config{})
	r.lim.Close()
	r.rejected(adaptive.RejectClosed)

	r = newRig(t, fixed(4), Config{})
	r.trip()
	r.lim.Close()
	r.rejected(adaptive.RejectBreakerOpen)
	r.untilProbes()
	r.rejected(adaptive.RejectClosed)
	r.Reset()
	r.rejected(adaptive.RejectClosed)
}

func TestAPermitMayEndAnywhereAndAfterClose(t *testing.T) {
	r := newRig(t, fixed(4), Config{Consecutive: 1})
	p := r.start()
	r.start() // never ends
	r.lim.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.Done(adaptive.Failure)
		p.Done(adaptive.Success)
	}()
	<-ended
	require.Equal(t, Open, r.State())
	require.Equal(t, uint64(1), r.lim.Stats().LateEnds)
	require.Equal(t, 1, r.lim.Stats().InFlight)
}

func TestAPanickingClassifierFailsTheCallAndNothingElse(t *testing.T) {
	lim, err := adaptive.NewWith(fixed(4), adaptive.Parts{Classify: func(context.Context, error) adaptive.Result { panic("classifier") }})
	require.NoError(t, err)
	b, err := New(lim, Config{Consecutive: 2})
	require.NoError(t, err)
	for range 2 {
		require.PanicsWithValue(t, "classifier", func() {
			_ = adaptive.Do(t.Context(), b, func(context.Context) error { return nil })
		})
	}
	require.Equal(t, Open, b.State())
	require.Zero(t, lim.Stats().InFlight)
}
