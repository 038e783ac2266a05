package verify

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/breaker"
	"github.com/flyball-go/flyball/cmd/flyball/load"
	"github.com/flyball-go/flyball/simulate"
	"github.com/flyball-go/flyball/simulate/tune"
)

const ms = time.Millisecond

// twin is a downstream of so many servers that take 40 ms.
func twin(servers int) *simulate.Scenario {
	return &simulate.Scenario{
		Name: "twin", Duration: time.Minute,
		Load: []simulate.Phase{{Arrivals: simulate.Poisson, Rate: simulate.Rate{Value: 1.2, OfCapacity: true}}},
		Downstream: simulate.Downstream{
			Servers: []simulate.Step{{Servers: servers}}, Queue: -1,
			Service: simulate.Distribution{Kind: simulate.Const, Mean: 40 * ms},
		},
	}
}

// drain ends a bubble: what callers have left is worked off first.
func drain() { time.Sleep(time.Minute) }

// target is the same in virtual time. Like most it goes on with the work of callers
// that have left.
func target(servers int) load.Target {
	slots := make(chan struct{}, servers)
	return func(ctx context.Context) error {
		done := make(chan struct{})
		go func() {
			slots <- struct{}{}
			time.Sleep(40 * ms)
			<-slots
			close(done)
		}()
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func check(servers int, t load.Target) *Check {
	return &Check{
		Setting: tune.Setting{Limiter: adaptive.Config{Queue: -1}}, Twin: twin(servers),
		Knee:    load.Knee{Rate: 190, Goodput: 190, P50: 40 * ms, P99: 40 * ms},
		Timeout: time.Second, Length: 6 * time.Second, Tolerance: 0.2, GiveUp: 100,
		Client: func(g adaptive.Guard, _ int) (load.Target, func()) {
			if g == nil {
				return t, func() {}
			}
			return func(ctx context.Context) error { return adaptive.Do(ctx, g, t) }, func() {}
		},
	}
}

func TestAPredictionOfTheSameHolds(t *testing.T) {
	for name, setting := range map[string]tune.Setting{
		"default without a queue":  {Limiter: adaptive.Config{Queue: -1}},
		"with a queue":             {Limiter: adaptive.Config{Queue: 4}},
		"with a breaker":           {Limiter: adaptive.Config{Law: "vegas", Queue: -1}, Breaker: &breaker.Config{}},
		"a law of another library": {Limiter: adaptive.Config{Law: "corelimit/aimd", Queue: -1}}, // one that draws nothing by itself
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				defer drain()
				c := check(8, target(8))
				c.Setting = setting
				require.NoError(t, c.Validate())
				v, err := c.Run(t.Context())
				require.NoError(t, err)
				require.Len(t, v.Cells, c.Cells())
				for _, cell := range v.Cells {
					m, p := cell.Measured, cell.Predicted
					t.Logf("× %g guarded %v: %.1f/s (%.1f), p50 %v (%v), p99 %v (%v), rejected %.3f (%.3f), settled %v", cell.Times, cell.Guarded, m.Goodput, p.Goodput, m.Waited.P50, p.P50, m.Waited.P99, p.P99, m.RejectedShare(), p.Rejected, cell.Settled)
				}
				require.Empty(t, v.Failed())

				// What the whole is for: the limiter keeps what a plain client loses.
				with, without := v.At(2, true), v.At(2, false)
				require.Greater(t, with.Measured.Goodput, 0.9*c.Knee.Goodput)
				if setting.Limiter.Law != "corelimit/aimd" { // which knows no queue
					require.Less(t, with.Measured.Waited.P99, 2*c.Knee.P99)
				}
				require.Positive(t, with.Measured.Rejected)
				require.Empty(t, with.Measured.Errors)
				require.Less(t, without.Measured.Goodput, 0.1*c.Knee.Goodput)
				require.False(t, without.Judged)
				require.Greater(t, without.Settled, time.Second)
			})
		})
	}
}

func TestAPredictionOfAnotherDoesNotHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer drain()
		c := check(8, target(5))
		v, err := c.Run(t.Context())
		require.NoError(t, err)
		require.NotEmpty(t, v.Failed())
		require.Nil(t, v.At(3, true))
		for _, cell := range v.Failed() {
			require.True(t, cell.Again)
			require.Greater(t, cell.Off, c.Tolerance)
		}
	})
}

func TestATargetThatDoesNotComeBackEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer drain()
		begun := time.Now()
		up := target(8)
		c := check(8, func(ctx context.Context) error {
			if time.Since(begun) > 9*time.Second {
				return errors.New("gone")
			}
			return up(ctx)
		})
		v, err := c.Run(t.Context())
		var dead *load.Dead
		require.ErrorAs(t, err, &dead)
		require.ErrorContains(t, err, "at 1 × the knee: the target failed 1")
		require.Len(t, v.Cells, 1)

		c = check(8, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		_, err = c.Run(t.Context())
		require.ErrorContains(t, err, "at 0.8 × the knee: the target did not come back within 2m0s: context deadline exceeded")
	})
}

// sheds is a target that says no beyond so many inside, who may all be gone.
func sheds(inside int, t load.Target) load.Target {
	places := make(chan struct{}, inside)
	return func(ctx context.Context) error {
		select {
		case places <- struct{}{}:
		default:
			return load.Status(503)
		}
		done := make(chan error, 1)
		go func() {
			done <- t(context.WithoutCancel(ctx))
			<-places
		}()
		select {
		case err := <-done:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Callers who wait less than a full target takes get nothing but time-outs and
// refusals from it. It is not dead: that is the collapse that is measured.
func TestATargetThatShedsAndWhoseCallersLeaveIsNotDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer drain()
		c := check(8, sheds(40, target(8)))
		c.Timeout = 120 * ms // 40 are done in 200
		v, err := c.Run(t.Context())
		require.NoError(t, err)
		require.Empty(t, v.Failed())
		with, without := v.At(2, true), v.At(2, false)
		require.Greater(t, with.Measured.Goodput, 0.9*c.Knee.Goodput)
		require.Zero(t, without.Measured.OK)
		require.Greater(t, without.Measured.Refused, uint64(c.GiveUp))
		require.Equal(t, without.Measured.Sent, without.Measured.Errors["status 503"]+without.Measured.Errors["timeout"], without.Measured.Errors)
	})
}

func TestAnInterruptKeepsWhatWasMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer drain()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(9*time.Second, cancel)
		v, err := check(8, target(8)).Run(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.Len(t, v.Cells, 1)
	})
}

func TestValidate(t *testing.T) {
	c := check(8, nil)
	c.Setting.Limiter.Law = "corelimit/none"
	require.ErrorContains(t, c.Validate(), "corelimit")
	c = check(8, nil)
	c.Knee.Rate = 60_000
	require.ErrorContains(t, c.Validate(), "twice the knee is 1.2e+05 calls/s, more than the 100000 that are allowed")
}
