package bench

import (
	"context"
	"testing"
	"time"

	"github.com/eapache/go-resiliency/breaker"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/adaptivelimiter"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/flyball-go/flyball/adaptive"
	ours "github.com/flyball-go/flyball/breaker"
	"github.com/platinummonkey/go-concurrency-limits/core"
	"github.com/platinummonkey/go-concurrency-limits/limit"
	"github.com/sony/gobreaker/v2"
)

// breakerPeers are other breakers, and pairs of a breaker and a limiter that know
// nothing of each other: what a program has that takes both from others. Beside them
// ours as it is shipped: theirs time no call, and ours need not time every one.
var breakerPeers = []contender{
	{"breaker_sampled", breakerSampled},
	{"failsafe_breaker", failsafeBreaker},
	{"failsafe_breaker_run", failsafeBreakerRun},
	{"failsafe_breaker_open", failsafeBreakerOpen},
	{"eapache", eapache},
	{"eapache_open", eapacheOpen},
	{"pair_gcl_gobreaker", gclGobreaker},
	{"pair_failsafe_run", failsafePair},
}

func breakerSampled(b *testing.B) func(*testing.PB) {
	g := coupled(b, newLimiter(b, adaptive.Config{Min: plenty, Initial: plenty}), ours.Config{})
	return func(pb *testing.PB) {
		ctx := context.Background()
		for pb.Next() {
			p, err := g.Acquire(ctx)
			must(err == nil)
			p.Done(adaptive.Success)
		}
	}
}

// failsafeBreaker judges by the failure rate of the last minute, as ours does of its
// window.
func failsafeBreaker(*testing.B) func(*testing.PB) {
	cb := circuitbreaker.NewBuilder[any]().WithFailureRateThreshold(0.5, 20, time.Minute).Build()
	return func(pb *testing.PB) {
		for pb.Next() {
			must(cb.TryAcquirePermit())
			cb.RecordSuccess()
		}
	}
}

func failsafeBreakerRun(*testing.B) func(*testing.PB) {
	e := failsafe.With(circuitbreaker.NewBuilder[any]().WithFailureRateThreshold(0.5, 20, time.Minute).Build())
	return func(pb *testing.PB) {
		for pb.Next() {
			must(e.Run(func() error { return nil }) == nil)
		}
	}
}

func failsafeBreakerOpen(*testing.B) func(*testing.PB) {
	cb := circuitbreaker.NewBuilder[any]().WithDelay(time.Hour).Build()
	cb.Open()
	return func(pb *testing.PB) {
		for pb.Next() {
			must(!cb.TryAcquirePermit())
		}
	}
}

// eapache counts nothing while closed: it opens on errors that follow each other
// without a pause, and knows no rate.
func eapache(*testing.B) func(*testing.PB) {
	cb := breaker.New(5, 1, time.Hour)
	return func(pb *testing.PB) {
		for pb.Next() {
			must(cb.Run(func() error { return nil }) == nil)
		}
	}
}

func eapacheOpen(*testing.B) func(*testing.PB) {
	cb := breaker.New(1, 1, time.Hour)
	must(cb.Run(func() error { return context.Canceled }) != nil)
	return func(pb *testing.PB) {
		for pb.Next() {
			must(cb.Run(func() error { return nil }) == breaker.ErrBreakerOpen)
		}
	}
}

func gclGobreaker(b *testing.B) func(*testing.PB) {
	l := gcl(b, limit.NewDefaultVegasLimitWithLimit("", plenty, limit.NoopLimitLogger{}, core.EmptyMetricRegistryInstance))
	cb := gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{})
	return func(pb *testing.PB) {
		ctx := context.Background()
		for pb.Next() {
			done, err := cb.Allow()
			must(err == nil)
			t, ok := l.Acquire(ctx)
			must(ok)
			t.OnSuccess()
			done(nil)
		}
	}
}

func failsafePair(*testing.B) func(*testing.PB) {
	e := failsafe.With[any](
		circuitbreaker.NewBuilder[any]().WithFailureRateThreshold(0.5, 20, time.Minute).Build(),
		adaptivelimiter.NewBuilder[any]().WithLimits(plenty, plenty, plenty).Build(),
	)
	return func(pb *testing.PB) {
		for pb.Next() {
			must(e.Run(func() error { return nil }) == nil)
		}
	}
}
