package bench

import (
	"context"
	"math/bits"
	"sync/atomic"
	"testing"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/adaptivelimiter"
	"github.com/flyball-go/flyball/adaptive"
	"github.com/platinummonkey/go-concurrency-limits/core"
	"github.com/platinummonkey/go-concurrency-limits/limit"
	"github.com/platinummonkey/go-concurrency-limits/limiter"
	"github.com/platinummonkey/go-concurrency-limits/strategy"
	"golang.org/x/sync/semaphore"
)

// plenty is a limit that no benchmark reaches.
const plenty = 1000

// A contender makes the loop that one goroutine runs. The loop is its own, so
// that no call through a variable is measured.
type contender struct {
	name string
	loop func(b *testing.B) func(pb *testing.PB)
}

var contenders = []contender{
	{"ref_c2", refC2},
	{"naive_permit", naivePermit},
	{"flyball_try", flyballTry},
	{"flyball_sampled", flyballSampled},
	{"flyball_acquire", flyballAcquire},
	{"flyball_do", flyballDo},
	{"flyball_defer_release", flyballDeferRelease},
	{"flyball_reject", flyballReject},
	{"flyball_reject_acquire", flyballRejectAcquire},
	{"gcl_default_vegas", gclVegas},
	{"gcl_reject", gclReject},
	{"failsafe_try", failsafeTry},
	{"failsafe_run", failsafeRun},
	{"failsafe_reject", failsafeReject},
	{"xsync_semaphore", xsyncSemaphore},
	{"chan_semaphore", chanSemaphore},
}

// refC2 is the least that an admission with a timed call can do: a compare and
// swap in, an add out, and two readings of the monotonic clock.
func refC2(*testing.B) func(*testing.PB) {
	base := time.Now()
	var inFlight atomic.Int64
	return func(pb *testing.PB) {
		for pb.Next() {
			for {
				n := inFlight.Load()
				must(n < plenty)
				if inFlight.CompareAndSwap(n, n+1) {
					break
				}
			}
			start := time.Since(base)
			rtt := time.Since(base) - start
			inFlight.Add(-1)
			must(rtt >= 0)
		}
	}
}

// naivePermit is refC2 with a sample: what flyball_try does except that a permit
// ends once. The difference is the price of that.
func naivePermit(*testing.B) func(*testing.PB) {
	base := time.Now()
	var inFlight atomic.Int64
	return func(pb *testing.PB) {
		var buckets [64]atomic.Uint64 // of this goroutine, as by a shard of its own
		for pb.Next() {
			var n int64
			for {
				n = inFlight.Load()
				must(n < plenty)
				if inFlight.CompareAndSwap(n, n+1) {
					break
				}
			}
			start := time.Since(base)
			rtt := time.Since(base) - start
			must(rtt >= 0)
			buckets[bits.Len64(uint64(rtt))%64].Add(uint64(n)<<24 | 1)
			inFlight.Add(-1)
		}
	}
}

// adaptiveLimiter runs the default law, which may not go below plenty: calls that
// do nothing would teach it nonsense. Every call is timed.
func adaptiveLimiter(b *testing.B) *adaptive.Limiter {
	return newLimiter(b, adaptive.Config{Min: plenty, Initial: plenty, TimeOneIn: 1})
}

func newLimiter(b *testing.B, c adaptive.Config) *adaptive.Limiter {
	l, err := adaptive.New(c)
	if err != nil {
		b.Fatal(err)
	}
	return l
}

func flyballTry(b *testing.B) func(*testing.PB) { return try(adaptiveLimiter(b)) }

// flyballSampled leaves it to the limiter how many calls are timed.
func flyballSampled(b *testing.B) func(*testing.PB) {
	return try(newLimiter(b, adaptive.Config{Min: plenty, Initial: plenty}))
}

func try(l *adaptive.Limiter) func(*testing.PB) {
	return func(pb *testing.PB) {
		for pb.Next() {
			p, ok := l.TryAcquire()
			must(ok)
			p.Done(adaptive.Success)
		}
	}
}

func flyballAcquire(b *testing.B) func(*testing.PB) {
	l := adaptiveLimiter(b)
	return func(pb *testing.PB) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		for pb.Next() {
			p, err := l.Acquire(ctx)
			must(err == nil)
			p.Done(adaptive.Success)
		}
	}
}

func flyballDo(b *testing.B) func(*testing.PB) {
	l := adaptiveLimiter(b)
	return func(pb *testing.PB) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		for pb.Next() {
			must(adaptive.Do(ctx, l, nothing) == nil)
		}
	}
}

func nothing(context.Context) error { return nil }

func flyballDeferRelease(b *testing.B) func(*testing.PB) {
	l := adaptiveLimiter(b)
	call := func() {
		p, ok := l.TryAcquire()
		must(ok)
		defer p.Release()
		p.Done(adaptive.Success)
	}
	return func(pb *testing.PB) {
		for pb.Next() {
			call()
		}
	}
}

// fullLimiter has its one place taken.
func fullLimiter(b *testing.B) *adaptive.Limiter {
	l := newLimiter(b, adaptive.Config{Law: "fixed:1", Queue: -1})
	_, ok := l.TryAcquire()
	must(ok)
	return l
}

func flyballReject(b *testing.B) func(*testing.PB) {
	l := fullLimiter(b)
	return func(pb *testing.PB) {
		for pb.Next() {
			_, ok := l.TryAcquire()
			must(!ok)
		}
	}
}

func flyballRejectAcquire(b *testing.B) func(*testing.PB) {
	l := fullLimiter(b)
	return func(pb *testing.PB) {
		ctx := context.Background()
		for pb.Next() {
			_, err := l.Acquire(ctx)
			must(err != nil)
		}
	}
}

// gcl is their DefaultLimiter without the threshold of 100 µs, below which it
// would throw every sample of a benchmark away.
func gcl(b *testing.B, l core.Limit) *limiter.DefaultLimiter {
	d, err := limiter.NewDefaultLimiter(l, 1e9, 1e9, 1, 100,
		strategy.NewSimpleStrategy(plenty), limit.NoopLimitLogger{}, core.EmptyMetricRegistryInstance)
	if err != nil {
		b.Fatal(err)
	}
	return d
}

func gclVegas(b *testing.B) func(*testing.PB) {
	l := gcl(b, limit.NewDefaultVegasLimitWithLimit("", plenty, limit.NoopLimitLogger{}, core.EmptyMetricRegistryInstance))
	return func(pb *testing.PB) {
		ctx := context.Background()
		for pb.Next() {
			t, ok := l.Acquire(ctx)
			must(ok)
			t.OnSuccess()
		}
	}
}

func gclReject(b *testing.B) func(*testing.PB) {
	l := gcl(b, limit.NewFixedLimit("", 1, core.EmptyMetricRegistryInstance))
	ctx := context.Background()
	_, ok := l.Acquire(ctx)
	must(ok)
	return func(pb *testing.PB) {
		for pb.Next() {
			_, ok := l.Acquire(ctx)
			must(!ok)
		}
	}
}

func failsafeTry(*testing.B) func(*testing.PB) {
	l := adaptivelimiter.NewBuilder[any]().WithLimits(plenty, plenty, plenty).Build()
	return func(pb *testing.PB) {
		for pb.Next() {
			p, ok := l.TryAcquirePermit()
			must(ok)
			p.Record()
		}
	}
}

func failsafeRun(*testing.B) func(*testing.PB) {
	e := failsafe.With(adaptivelimiter.NewBuilder[any]().WithLimits(plenty, plenty, plenty).Build())
	return func(pb *testing.PB) {
		for pb.Next() {
			must(e.Run(func() error { return nil }) == nil)
		}
	}
}

func failsafeReject(*testing.B) func(*testing.PB) {
	l := adaptivelimiter.NewBuilder[any]().WithLimits(1, 1, 1).Build()
	_, ok := l.TryAcquirePermit()
	must(ok)
	return func(pb *testing.PB) {
		for pb.Next() {
			_, ok := l.TryAcquirePermit()
			must(!ok)
		}
	}
}

func chanSemaphore(*testing.B) func(*testing.PB) {
	places := make(chan struct{}, plenty)
	return func(pb *testing.PB) {
		for pb.Next() {
			places <- struct{}{}
			<-places
		}
	}
}

func xsyncSemaphore(*testing.B) func(*testing.PB) {
	s := semaphore.NewWeighted(plenty)
	return func(pb *testing.PB) {
		ctx := context.Background()
		for pb.Next() {
			must(s.Acquire(ctx, 1) == nil)
			s.Release(1)
		}
	}
}

// must stops a benchmark that measures something else than it says.
func must(ok bool) {
	if !ok {
		panic("bench: a call was admitted or rejected against expectation")
	}
}
