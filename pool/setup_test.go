package pool

import (
	"context"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flyball-go/flyball/adaptive"
)

// underRace is whether the race detector is on.
var underRace bool

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

// standing is what a model can know of Stats.
type standing struct{ waiting, resting, running, lending, ended int }

func stand(p *Pool) standing {
	s := p.Stats()
	return standing{s.Waiting, s.Resting, s.Running, s.Lending, int(s.Ended())}
}

func nothing(context.Context) error { return nil }

// idle requires that nothing is left of all that was done with p and lim.
func idle(t require.TestingT, p *Pool, lim *adaptive.Limiter) {
	// Whoever ended the last task may still look for more to do.
	busy := func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.workers > 0 || p.asking != nil
	}
	for range 1_000_000 {
		if !busy() {
			break
		}
		runtime.Gosched()
	}
	require.False(t, busy())
	p.mu.Lock()
	require.Zero(t, p.live)
	require.Zero(t, p.queue.n)
	require.Zero(t, p.active)
	require.Zero(t, p.lent)
	require.Zero(t, p.resting)
	require.Zero(t, p.room.promised)
	require.Empty(t, p.room.held)
	require.Nil(t, p.scopes)
	require.False(t, p.hunting)
	p.mu.Unlock()
	if lim == nil {
		return
	}
	l := lim.Stats()
	require.Zero(t, l.InFlight)
	require.Zero(t, l.Waiting)
	require.Zero(t, l.LateEnds)
}
