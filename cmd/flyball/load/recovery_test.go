package load

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func recovering() Plan {
	p := plan()
	p.Recover = true
	return p
}

func TestRecoveryTakesAsLongAsTheBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := generator(serves(8, 0, always(20*ms)).call) // 400/s
		begun, after := 0, 0
		f := Finder{Plan: recovering(), Hold: g.Hold, Recover: func() { begun++ }, Told: func(Step) { after += begun }}
		found, err := f.Find(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, begun)
		require.Equal(t, RecoverySteps, after)
		r := found.Recovery
		require.NotNil(t, r)
		require.InEpsilon(t, 800, r.Over, 0.1)
		require.InEpsilon(t, 200, r.Under, 0.1)
		require.True(t, r.Back)
		require.InDelta(t, 256./400, r.After.Seconds(), 0.1) // as many in flight are worked off, 400 a second
		require.Len(t, r.Steps, 2)
		require.False(t, r.Steps[0].Passed)
	})
}

func TestATargetThatDoesNotRecoverIsToldOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serves(8, 0, always(20*ms))
		var broken atomic.Bool
		var inside atomic.Int32
		found, err := find(t, func(ctx context.Context) error {
			defer inside.Add(-1)
			if inside.Add(1) > 200 {
				broken.Store(true) // for good
			}
			if broken.Load() {
				time.Sleep(300 * ms)
			}
			return s.call(ctx)
		}, recovering())
		require.NoError(t, err)
		if found.Recovery == nil {
			t.Fatal("not tried")
		}
		require.False(t, found.Recovery.Back)
		require.Greater(t, found.Recovery.After, 12*time.Second)
	})
}

func TestRecoveryIsTriedOnlyIfAskedAndWithinThePlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		found, err := find(t, serves(8, 0, always(20*ms)).call, plan())
		require.NoError(t, err)
		require.Nil(t, found.Recovery)
		p := recovering()
		p.MaxRate = 700 // twice the knee is more
		found, err = find(t, serves(8, 0, always(20*ms)).call, p)
		require.NoError(t, err)
		require.True(t, found.Knee.Held)
		require.Regexp(t, `^it takes [0-9.]+ calls/s, and 700 is the most that is allowed$`, found.Recovery.Not)
		require.Empty(t, found.Recovery.Steps)
	})
}
