package load

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const ms = time.Millisecond

// server is a target in virtual time: so many at a time, the others wait.
type server struct {
	slots  chan struct{}
	sheds  int // refuses what is beyond so many in flight; 0 never
	sleep  func() time.Duration
	mu     sync.Mutex
	inside int
}

func serves(slots, sheds int, sleep func() time.Duration) *server {
	return &server{slots: make(chan struct{}, slots), sheds: sheds, sleep: sleep}
}

func (s *server) call(ctx context.Context) error {
	s.mu.Lock()
	if s.sheds > 0 && s.inside >= s.sheds {
		s.mu.Unlock()
		return Status(503)
	}
	s.inside++
	d := s.sleep()
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.inside--
		s.mu.Unlock()
	}()
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	time.Sleep(d)
	<-s.slots
	return ctx.Err()
}

func always(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

// drawn is 10 ms, and in one of ten 100 ms: 19 ms on average.
func drawn(seed uint64) func() time.Duration {
	random := rand.New(rand.NewPCG(seed, 0))
	return func() time.Duration {
		if random.IntN(10) == 0 {
			return 100 * ms
		}
		return 10 * ms
	}
}

func plan() Plan {
	return Plan{From: 20, MaxRate: 5000, Factor: 1.5, Min: time.Second, Max: 4 * time.Second, MaxTime: 5 * time.Minute, InFlight: 256, Timeout: 2 * time.Second,
		GiveUp: 100, Errors: 0.01, Ratio: 3, Within: 0.05}
}

func generator(t Target) *Generator {
	return &Generator{Target: t, InFlight: 256, Timeout: 2 * time.Second, GiveUp: 100}
}

func find(t *testing.T, target Target, p Plan) (Found, error) {
	g := generator(target)
	f := Finder{Plan: p, Hold: g.Hold}
	return f.Find(t.Context())
}

func TestKneeOfHiddenCapacity(t *testing.T) {
	for name, c := range map[string]struct {
		slots, sheds int
		sleep        func() time.Duration
		truth        float64
		why          Reason
	}{
		"8 at a time":         {8, 0, always(20 * ms), 400, Flat},
		"32 at a time":        {32, 0, always(20 * ms), 1600, Flat},
		"one at a time":       {1, 0, always(10 * ms), 100, Growing},
		"bimodal":             {16, 0, drawn(1), 842, Flat},
		"sheds at 40":         {8, 40, always(20 * ms), 400, TooManyErrors},
		"sheds without queue": {8, 8, always(20 * ms), 400, TooManyErrors},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				found, err := find(t, serves(c.slots, c.sheds, c.sleep).call, plan())
				require.NoError(t, err)
				require.NotNil(t, found.Knee, found.Detail)
				require.InEpsilon(t, c.truth, found.Knee.Rate, 0.15)
				require.Less(t, found.Knee.Rate, 1.02*c.truth) // a queue that grows slowly is seen
				require.True(t, found.Knee.Held)
				require.Greater(t, found.Knee.Above, found.Knee.Rate)
				require.InEpsilon(t, found.Knee.Rate, found.Knee.Goodput, 0.07)
				require.Equal(t, c.why, found.Stopped, found.Detail)
			})
		})
	}
}

func TestAKneeBeyondTheCapIsALowerBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := plan()
		p.MaxRate = 300
		found, err := find(t, serves(8, 0, always(20*ms)).call, p)
		require.NoError(t, err)
		require.Equal(t, OutOfRate, found.Stopped)
		require.Equal(t, 300.0, found.Knee.Rate)
		require.Zero(t, found.Knee.Above)
		for _, s := range found.Steps {
			require.LessOrEqual(t, s.Rate, 300.0)
		}
	})
}

func TestTheTimeCapHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := plan()
		p.MaxTime = 10 * time.Second
		begun := time.Now()
		found, err := find(t, serves(8, 0, always(20*ms)).call, p)
		require.NoError(t, err)
		require.Equal(t, OutOfTime, found.Stopped)
		require.LessOrEqual(t, time.Since(begun), p.MaxTime+p.Max)
	})
}

func TestATargetThatIsTooSlowFromTheStartHasNoKnee(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		found, err := find(t, serves(1, 0, always(200*ms)).call, plan())
		require.NoError(t, err)
		require.Nil(t, found.Knee)
		require.Equal(t, TooManyErrors, found.Stopped) // they time out
	})
}

func TestATargetThatDiesMidRunLeavesWhatWasMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serves(8, 0, always(20*ms))
		begun := time.Now()
		found, err := find(t, func(ctx context.Context) error {
			if time.Since(begun) > 9*time.Second {
				return errors.New("gone")
			}
			return s.call(ctx)
		}, plan())
		var dead *Dead
		require.ErrorAs(t, err, &dead)
		require.Equal(t, "the target failed 100 times in a row, last with: gone", err.Error())
		require.NotNil(t, found.Knee)
		last := found.Steps[len(found.Steps)-1]
		require.True(t, last.Cut)
		require.False(t, last.Passed)
		// A failure or two more may begin before it is seen, not a flood.
		require.InDelta(t, 100, float64(last.Errors["other"]), 2)
	})
}

func TestAnInterruptLeavesWhatWasMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(9*time.Second, cancel)
		g := generator(serves(8, 0, always(20*ms)).call)
		begun := time.Now()
		found, err := (&Finder{Plan: plan(), Hold: g.Hold}).Find(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.Less(t, time.Since(begun), 9*time.Second+100*ms)
		require.NotEmpty(t, found.Steps)
		require.True(t, found.Steps[len(found.Steps)-1].Cut)
		require.Empty(t, found.Steps[len(found.Steps)-1].Errors) // what was cut off is no failure of the target
	})
}

func TestTheLoopIsOpenUpToTheCap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := generator(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		g.InFlight, g.GiveUp = 50, math.MaxInt
		s, err := g.Hold(t.Context(), 100, Span{Min: time.Second, Max: time.Second})
		require.NoError(t, err)
		require.Equal(t, uint64(50), s.Sent)
		require.Equal(t, uint64(50), s.Unsent)
		require.Equal(t, 50, s.Most)
		require.Equal(t, map[string]uint64{"timeout": 50}, s.Errors)
		require.Equal(t, 1.0, s.ErrorShare())
	})
}

func TestAStepEndsOnceItIsTight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		span := Span{Min: time.Second, Max: 20 * time.Second}
		steady, err := generator(serves(8, 0, always(20*ms)).call).Hold(t.Context(), 300, span)
		require.NoError(t, err)
		require.True(t, steady.Tight)
		require.Less(t, steady.For, 3*time.Second)
		require.InEpsilon(t, 20*ms, steady.Service.P50, 0.01)
		require.Len(t, steady.Service.Points, 200)

		random := rand.New(rand.NewPCG(1, 1))
		heavy := serves(1000, 0, func() time.Duration { return time.Duration(float64(5*ms) / math.Sqrt(1-random.Float64())) })
		loose, err := generator(heavy.call).Hold(t.Context(), 20, span)
		require.NoError(t, err)
		require.False(t, loose.Tight)
		require.GreaterOrEqual(t, loose.For, span.Max)
	})
}

// TestTheGeneratorsOwnLagIsNotTheTargetsKnee has a generator that is late by as
// much as response times rise.
func TestTheGeneratorsOwnLagIsNotTheTargetsKnee(t *testing.T) {
	step := func(rate float64, response, lag time.Duration, begun float64) Step {
		n := uint64(rate)
		return Step{Rate: rate, For: time.Second, Sent: n, OK: n, Goodput: min(rate, begun), Begun: begun,
			Service: Times{P99: response - lag}, Response: Times{P99: response}, Lag: Times{P99: lag}}
	}
	for name, c := range map[string]struct {
		beyond  func(rate float64) Step
		ceiling float64
		why     Reason
	}{
		"calls begin late":      {func(r float64) Step { return step(r, 200*ms, 150*ms, r) }, 0, GeneratorAtLimit},
		"too few begin":         {func(r float64) Step { return step(r, 20*ms, 0, 0.9*r) }, 0, GeneratorAtLimit},
		"beyond its ceiling":    {func(r float64) Step { return step(r, 200*ms, ms, r) }, 120, GeneratorAtLimit},
		"well below it":         {func(r float64) Step { return step(r, 200*ms, ms, r) }, 1200, TooSlow},
		"late, but not by much": {func(r float64) Step { return step(r, 200*ms, 20*ms, r) }, 0, TooSlow},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := Finder{Plan: plan(), Ceiling: c.ceiling, Hold: func(_ context.Context, rate float64, _ Span) (Step, error) {
					if rate > 100 {
						return c.beyond(rate), nil
					}
					return step(rate, 20*ms, 0, rate), nil
				}}
				found, err := f.Find(t.Context())
				require.NoError(t, err)
				require.Equal(t, c.why, found.Stopped, found.Detail)
				if c.why == GeneratorAtLimit {
					require.Zero(t, found.Knee.Above) // a lower bound, and no knee
					return
				}
				require.InEpsilon(t, 100, found.Knee.Rate, 0.06)
			})
		})
	}
}

// TestAPauseIsNotAKnee has a target that stalls for a moment, once.
func TestAPauseIsNotAKnee(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		s := serves(8, 0, always(20*ms))
		found, err := find(t, func(ctx context.Context) error {
			if at := time.Since(begun); at > 13*time.Second && at < 13300*ms {
				time.Sleep(13300*ms - at)
			}
			return s.call(ctx)
		}, plan())
		require.NoError(t, err)
		require.InEpsilon(t, 400, found.Knee.Rate, 0.15)
	})
}

func TestPlanTellsAllItsFaults(t *testing.T) {
	p := plan()
	require.NoError(t, p.Validate())
	err := (&Plan{MaxRate: math.NaN(), InFlight: MostInFlight + 1, MaxTime: 2 * MostTime}).Validate()
	for _, flag := range []string{"--max-rate", "--from", "--factor", "--min-step", "--max-time", "--connections", "--timeout", "--give-up", "--ratio", "--within"} {
		require.ErrorContains(t, err, flag)
	}
}
