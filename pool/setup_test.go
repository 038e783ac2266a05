package pool

import (
	"runtime"
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
	// Whoever ended the last task may still look for more to do.
	busy := func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.asking || p.pumping
	}
	for range 1_000_000 {
		if !busy() {
			break
		}
		runtime.Gosched()
	}
	require.False(t, busy())
	l := lim.Stats()
	require.Zero(t, l.InFlight)
	require.Zero(t, l.Waiting)
	require.Zero(t, l.LateEnds)
}
