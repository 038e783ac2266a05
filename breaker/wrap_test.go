package breaker_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sony/gobreaker/v2"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/breaker"
)

func adopt(t *testing.T, st gobreaker.Settings) (*adaptive.Limiter, *gobreaker.TwoStepCircuitBreaker[string], adaptive.Guard) {
	t.Helper()
	lim, err := adaptive.New(adaptive.Config{Law: "fixed:2"})
	require.NoError(t, err)
	cb := gobreaker.NewTwoStepCircuitBreaker[string](st)
	return lim, cb, breaker.Wrap(lim, cb)
}

func fail(context.Context) error { return errors.New("failed") }

func TestWrapAdoptsAGobreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lim, cb, g := adopt(t, gobreaker.Settings{Timeout: time.Second})
		for range 6 {
			require.NotErrorIs(t, adaptive.Do(t.Context(), g, fail), adaptive.ErrRejected)
		}
		require.Equal(t, gobreaker.StateOpen, cb.State())
		err := adaptive.Do(t.Context(), g, fail)
		require.ErrorIs(t, err, adaptive.ErrRejected)
		require.ErrorIs(t, err, gobreaker.ErrOpenState)

		time.Sleep(time.Second + 1)
		p, err := g.Acquire(t.Context())
		require.NoError(t, err)
		_, err = g.Acquire(t.Context())
		require.ErrorIs(t, err, gobreaker.ErrTooManyRequests)
		require.ErrorIs(t, err, adaptive.ErrRejected)
		require.Equal(t, 1, lim.Stats().InFlight, "what the breaker refused was given back")
		p.Done(adaptive.Success)
		p.Done(adaptive.Failure)
		require.Equal(t, gobreaker.StateClosed, cb.State())
		require.Zero(t, lim.Stats().InFlight)
	})
}

func TestWrapEndsAHalfOpenCallThatPanicsOrExits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, end := range []func(){func() { panic("boom") }, runtime.Goexit} {
			_, cb, g := adopt(t, gobreaker.Settings{Timeout: time.Second})
			for range 6 {
				_ = adaptive.Do(t.Context(), g, fail)
			}
			time.Sleep(2 * time.Second)
			go func() {
				defer func() { _ = recover() }()
				_ = adaptive.Do(context.Background(), g, func(context.Context) error { end(); return nil })
			}()
			synctest.Wait()
			require.Equal(t, gobreaker.StateOpen, cb.State(), "and not half-open for ever")
		}
	})
}

func TestWrapTellsOfCallersWhoGaveUp(t *testing.T) {
	_, cb, g := adopt(t, gobreaker.Settings{IsExcluded: breaker.Excluded})
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		_ = adaptive.Do(ctx, g, func(context.Context) error { cancel(); return ctx.Err() })
	}
	require.Equal(t, gobreaker.StateClosed, cb.State())
	require.Equal(t, uint32(20), cb.Counts().TotalExclusions)
	require.False(t, breaker.Excluded(breaker.OutcomeError{Outcome: adaptive.Failure}))
	require.EqualError(t, breaker.OutcomeError{Outcome: adaptive.TimedOut}, "call timed out")
}

func TestWrapNeverLetsAQueuedCallHoldAProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lim, cb, g := adopt(t, gobreaker.Settings{Timeout: time.Second})
		for range 6 {
			_ = adaptive.Do(t.Context(), g, fail)
		}
		time.Sleep(2 * time.Second)
		a, _ := lim.TryAcquire()
		b, _ := lim.TryAcquire()
		var got adaptive.Permit
		g.AcquireFunc(func(p adaptive.Permit, err error) { got = p; require.NoError(t, err) })
		require.Zero(t, cb.Counts().Requests, "it waits for the limit, and the probe is free")
		a.Done(adaptive.Success)
		require.Equal(t, uint32(1), cb.Counts().Requests)
		got.Done(adaptive.Success)
		b.Done(adaptive.Success)
	})
}

func TestWrapSurvivesAPanickingRule(t *testing.T) {
	lim, _, g := adopt(t, gobreaker.Settings{ReadyToTrip: func(gobreaker.Counts) bool { panic("rule") }})
	require.PanicsWithValue(t, "rule", func() { _ = adaptive.Do(t.Context(), g, fail) })
	require.Zero(t, lim.Stats().InFlight)
}

func TestWrapWantsBoth(t *testing.T) {
	require.Panics(t, func() { breaker.Wrap(nil, nil) })
}
