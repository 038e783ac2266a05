package breaker

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sony/gobreaker/v2"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
)

// TestABreakerAgreesWithGobreaker drives a Breaker and a native gobreaker with the
// same calls, results out of order and late, and pauses on and beside the
// deadlines. They must admit and reject the same calls, be in the same state and
// have gone through the same changes after every step. The rule that trips is one
// that both can express: a rate over all results since it closed.
func TestABreakerAgreesWithGobreaker(t *testing.T) {
	var trips, probes, closes, rejects int
	for seed := range uint64(300) {
		synctest.Test(t, func(t *testing.T) {
			o := newOracle(t, rand.New(rand.NewPCG(seed, 1)))
			for step := range 400 {
				o.step()
				require.Equal(t, o.native.State().String(), o.ours.State().String(), "seed %d step %d", seed, step)
				require.Equal(t, o.nativeChanges, o.ourChanges, "seed %d step %d", seed, step)
			}
			for _, c := range o.ourChanges {
				switch c {
				case "open":
					trips++
				case "half-open":
					probes++
				case "closed":
					closes++
				}
			}
			rejects += o.rejects
		})
	}
	t.Logf("%d trips, %d half-opens, %d closes, %d rejections", trips, probes, closes, rejects)
	require.Greater(t, trips, 300)
	require.Greater(t, closes, 100)
	require.Greater(t, rejects, 1000)
}

type oracle struct {
	t      *testing.T
	rnd    *rand.Rand
	limit  int
	open   time.Duration
	ours   *Breaker
	native *gobreaker.TwoStepCircuitBreaker[struct{}]
	calls  []pair

	ourChanges, nativeChanges []string
	rejects                   int
}

// pair is one call in flight at both.
type pair struct {
	permit adaptive.Permit
	done   func(error)
}

func newOracle(t *testing.T, rnd *rand.Rand) *oracle {
	o := &oracle{t: t, rnd: rnd}
	// Limits with their number of probes, and rates at which the first failed probe
	// reopens, as it always does in gobreaker.
	shape := []struct {
		limit, probes int
		rate          float64
	}{{1, 1, 1}, {4, 2, 0.5}, {9, 3, 0.33}, {16, 4, 0.25}, {200, 10, 0.1}}[rnd.IntN(5)]
	volume := 1 + rnd.IntN(12)
	o.limit, o.open = shape.limit, time.Duration(1+rnd.IntN(5))*time.Second

	lim, err := adaptive.New(fixed(shape.limit))
	require.NoError(t, err)
	o.ours, err = NewWith(lim, Config{
		Rate: shape.rate, MinVolume: volume, Window: 10_000 * time.Hour,
		Open: Backoff{Base: o.open, Factor: 1, Max: o.open}, ProbeTimeout: 10_000 * time.Hour,
	}, Parts{OnStateChange: func(_, to State) { o.ourChanges = append(o.ourChanges, to.String()) }})
	require.NoError(t, err)
	o.native = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests: uint32(shape.probes), Timeout: o.open,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			n := c.TotalSuccesses + c.TotalFailures
			return n >= uint32(volume) && float64(c.TotalFailures)/float64(n) >= shape.rate
		},
		IsExcluded:    func(err error) bool { return err == errExcluded },
		OnStateChange: func(_ string, _, to gobreaker.State) { o.nativeChanges = append(o.nativeChanges, to.String()) },
	})
	return o
}

func (o *oracle) step() {
	switch n := o.rnd.IntN(10); {
	case n < 5 && len(o.calls) < o.limit:
		o.start()
	case n < 9 && len(o.calls) > 0:
		o.end()
	default:
		pauses := []time.Duration{1, time.Millisecond, o.open - 1, o.open, o.open + 1, o.open / 2}
		time.Sleep(pauses[o.rnd.IntN(len(pauses))])
	}
}

func (o *oracle) start() {
	done, want := o.native.Allow()
	p, got := o.ours.Acquire(o.t.Context())
	if want != nil {
		o.rejects++
		require.ErrorIs(o.t, got, want)
		require.ErrorIs(o.t, got, adaptive.ErrRejected)
		return
	}
	require.NoError(o.t, got)
	o.calls = append(o.calls, pair{p, done})
}

func (o *oracle) end() {
	i := o.rnd.IntN(len(o.calls))
	c := o.calls[i]
	o.calls = append(o.calls[:i], o.calls[i+1:]...)
	switch o.rnd.IntN(8) {
	case 0:
		c.permit.Done(adaptive.Ignored)
		c.done(errExcluded)
	case 1, 2, 3, 4, 5:
		c.permit.Done(adaptive.Success)
		c.done(nil)
	default:
		// Not TimedOut: a call that had less time than usual is Ignored, which gobreaker cannot know.
		bad := []adaptive.Outcome{adaptive.Failure, adaptive.Refused, adaptive.Abandoned}
		c.permit.Done(bad[o.rnd.IntN(len(bad))])
		c.done(errFailed)
	}
}
