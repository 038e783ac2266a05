package pool

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flyball-go/flyball/adaptive"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newLimiter(t require.TestingT, limit, queue int) *adaptive.Limiter {
	lim, err := adaptive.New(adaptive.Config{Law: "fixed:1000", Initial: limit, Min: limit, Max: limit, Queue: queue})
	require.NoError(t, err)
	return lim
}

// newPool makes a pool of so many workers.
func newPool(t require.TestingT, workers int) (*Pool, *adaptive.Limiter) {
	lim := newLimiter(t, workers, 0)
	p, err := New(lim, Config{})
	require.NoError(t, err)
	return p, lim
}

// idle requires that nothing is left of all that was done with p and lim.
func idle(t require.TestingT, p *Pool, lim *adaptive.Limiter) {
	s := p.Stats()
	require.Zero(t, s.Waiting+s.Running)
	require.Zero(t, p.live)
	require.Empty(t, p.room)
	require.False(t, p.asking || p.pumping)
	l := lim.Stats()
	require.Zero(t, l.InFlight)
	require.Zero(t, l.Waiting)
	require.Zero(t, l.LateEnds)
}
