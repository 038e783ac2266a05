package bench

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/breaker"
	"github.com/sony/gobreaker/v2"
)

// couples is what a breaker adds to a limiter: the healthy path beside the limiter
// alone, the open path beside the reference, and gobreaker itself beside both.
var couples = []contender{
	{"ref_c2", refC2},
	{"limiter", flyballAcquire},
	{"limiter_do", flyballDo},
	{"breaker", breakerAcquire},
	{"breaker_do", breakerDo},
	{"breaker_open", breakerOpen},
	{"breaker_probing", breakerProbing},
	{"gobreaker_execute", gobreakerExecute},
	{"gobreaker_two_step", gobreakerTwoStep},
	{"gobreaker_open", gobreakerOpen},
}

// BenchmarkBreaker runs couples and what others have in each mode.
func BenchmarkBreaker(b *testing.B) { inEachMode(b, slices.Concat(couples, breakerPeers)) }

func coupled(b *testing.B, lim *adaptive.Limiter, c breaker.Config) *breaker.Breaker {
	g, err := breaker.New(lim, c)
	if err != nil {
		b.Fatal(err)
	}
	return g
}

func breakerAcquire(b *testing.B) func(*testing.PB) {
	g := coupled(b, adaptiveLimiter(b), breaker.Config{})
	return func(pb *testing.PB) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		for pb.Next() {
			p, err := g.Acquire(ctx)
			must(err == nil)
			p.Done(adaptive.Success)
		}
	}
}

func breakerDo(b *testing.B) func(*testing.PB) {
	g := coupled(b, adaptiveLimiter(b), breaker.Config{})
	return func(pb *testing.PB) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		for pb.Next() {
			must(adaptive.Do(ctx, g, nothing) == nil)
		}
	}
}

// open is a breaker that stays open for longer than a benchmark lasts.
func open(b *testing.B, d time.Duration) *breaker.Breaker {
	g := coupled(b, adaptiveLimiter(b), breaker.Config{Consecutive: 1, Open: breaker.Backoff{Base: d, Jitter: -1}, ProbeWithin: time.Hour})
	p, err := g.Acquire(context.Background())
	must(err == nil)
	p.Done(adaptive.Failure)
	return g
}

func rejects(g adaptive.Guard) func(*testing.PB) {
	return func(pb *testing.PB) {
		ctx := context.Background()
		for pb.Next() {
			_, err := g.Acquire(ctx)
			must(err != nil)
		}
	}
}

func breakerOpen(b *testing.B) func(*testing.PB) { return rejects(open(b, time.Hour)) }

// breakerProbing has its first probe in flight.
func breakerProbing(b *testing.B) func(*testing.PB) {
	g := open(b, time.Nanosecond)
	for { // the timer that ends its open time may be late
		time.Sleep(time.Millisecond)
		if _, err := g.Acquire(context.Background()); err == nil {
			return rejects(g)
		}
	}
}

func gobreakerExecute(*testing.B) func(*testing.PB) {
	cb := gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{})
	return func(pb *testing.PB) {
		for pb.Next() {
			_, err := cb.Execute(func() (struct{}, error) { return struct{}{}, nil })
			must(err == nil)
		}
	}
}

func gobreakerTwoStep(*testing.B) func(*testing.PB) {
	cb := gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{})
	return func(pb *testing.PB) {
		for pb.Next() {
			done, err := cb.Allow()
			must(err == nil)
			done(nil)
		}
	}
}

func gobreakerOpen(*testing.B) func(*testing.PB) {
	cb := gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{Timeout: time.Hour, ReadyToTrip: func(gobreaker.Counts) bool { return true }})
	done, err := cb.Allow()
	must(err == nil)
	done(context.Canceled)
	return func(pb *testing.PB) {
		for pb.Next() {
			_, err := cb.Allow()
			must(err != nil)
		}
	}
}
