package breaker

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
)

func newOn(t *testing.T, now *atomic.Int64, limit int, c Config, onChange func(Change)) (*adaptive.Limiter, *Breaker) {
	t.Helper()
	lim, err := adaptive.NewWith(fixed(limit), adaptive.Parts{
		Clock: adaptive.Clock{Now: func() adaptive.Instant { return adaptive.Instant(now.Load()) }},
	})
	require.NoError(t, err)
	b, err := NewWith(lim, classic(c), Parts{OnStateChange: onChange})
	require.NoError(t, err)
	return lim, b
}

func TestCallbacksMayCallBackIn(t *testing.T) {
	var now atomic.Int64
	var b *Breaker
	var changes []State
	_, b = newOn(t, &now, 1, Config{MinVolume: 1}, func(c Change) {
		from, to := c.From, c.To
		changes = append(changes, from, to)
		_, _ = b.State(), b.Stats()
		if to == Open && len(changes) == 2 {
			now.Add(int64(time.Minute)) // so that this very call makes it half-open
			p, err := b.Acquire(t.Context())
			require.Error(t, err, "the limiter has not heard of it yet")
			p.Done(adaptive.Success)
		}
	})
	p, err := b.Acquire(t.Context())
	require.NoError(t, err)
	p.Done(adaptive.Failure)
	require.Equal(t, []State{Closed, Open, Open, HalfOpen}, changes)
	p, err = b.Acquire(t.Context())
	require.NoError(t, err)
	p.Done(adaptive.Success)
	require.Equal(t, []State{Closed, Open, Open, HalfOpen, HalfOpen, Closed}, changes)
}

func TestFlushedCallsMayCallBackIn(t *testing.T) {
	var now atomic.Int64
	lim, b := newOn(t, &now, 1, Config{MinVolume: 1}, nil)
	p, err := b.Acquire(t.Context())
	require.NoError(t, err)
	answers := 0
	b.AcquireFunc(func(_ adaptive.Permit, err error) {
		require.Error(t, err)
		b.AcquireFunc(func(_ adaptive.Permit, err error) {
			require.Error(t, err)
			answers++
		})
		answers++
	})
	p.Done(adaptive.Failure)
	require.Equal(t, 2, answers)
	require.Zero(t, lim.Stats().InFlight)
}

func TestAPanickingCallbackLeavesTheBreakerWhole(t *testing.T) {
	var now atomic.Int64
	lim, b := newOn(t, &now, 1, Config{MinVolume: 1}, func(c Change) { panic(c.To) })
	p, err := b.Acquire(t.Context())
	require.NoError(t, err)
	require.PanicsWithValue(t, Open, func() { p.Done(adaptive.Failure) })
	require.Equal(t, Open, b.State())
	now.Add(int64(time.Minute))
	require.PanicsWithValue(t, HalfOpen, func() { b.State() })
	p, err = b.Acquire(t.Context())
	require.NoError(t, err)
	require.PanicsWithValue(t, Closed, func() { p.Done(adaptive.Success) })
	require.Equal(t, Closed, b.State())
	require.Zero(t, lim.Stats().InFlight)
}

// TestABreakerUnderLoadKeepsItsPromises has many goroutines call through a breaker
// that opens and closes all the time.
func TestABreakerUnderLoadKeepsItsPromises(t *testing.T) {
	var now atomic.Int64
	var last State
	lim, b := newOn(t, &now, 16, Config{MinVolume: 4, Open: Backoff{Base: 200 * time.Microsecond, Factor: 1}}, func(c Change) {
		from, to := c.From, c.To
		if from != last || from == to {
			t.Errorf("change from %v to %v after %v", from, to, last)
		}
		last = to
	})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(g), 2))
			for n := 0; n < 3000 || b.Stats().Opened <= 10 && n < 300_000; n++ {
				at := now.Add(rnd.Int64N(20_000))
				p, err := b.Acquire(t.Context())
				b.mu.Lock()
				if ph := b.phase.Load(); ph.state == HalfOpen && len(ph.out)+ph.good > 4 {
					t.Errorf("%d probes out and %d good, of 4", len(ph.out), ph.good)
				}
				b.mu.Unlock()
				switch {
				case err != nil:
				case at/int64(time.Millisecond)%2 == 0: // the downstream comes and goes
					p.Done(adaptive.Failure)
				default:
					p.Done(adaptive.Success)
				}
			}
		})
	}
	wg.Wait()
	require.Zero(t, lim.Stats().InFlight)
	require.Zero(t, lim.Stats().Waiting)
	require.Greater(t, b.Stats().Opened, uint64(10))
	// However it stands, it comes back once the downstream is well.
	for range 100 {
		now.Add(int64(time.Minute))
		if p, err := b.Acquire(t.Context()); err == nil {
			p.Done(adaptive.Success)
		}
	}
	require.Equal(t, Closed, b.State())
	require.Empty(t, b.outbox)
}
