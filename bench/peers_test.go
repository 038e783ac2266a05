package bench

import (
	"context"
	"testing"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/adaptivelimiter"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/go-kratos/aegis/ratelimit"
	"github.com/go-kratos/aegis/ratelimit/bbr"
	"github.com/platinummonkey/go-concurrency-limits/core"
	"github.com/platinummonkey/go-concurrency-limits/limit"
	"github.com/platinummonkey/go-concurrency-limits/limiter"
	"github.com/platinummonkey/go-concurrency-limits/strategy"
	"github.com/zeromicro/go-zero/core/load"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/core/syncx"
	"golang.org/x/sync/semaphore"
)

// gcl is their DefaultLimiter without the threshold of 100 µs, below which it
// would throw every sample of a benchmark away.
func gcl(b *testing.B, l core.Limit) *limiter.DefaultLimiter { return gclWith(b, l, plenty) }

func gclWith(b *testing.B, l core.Limit, places int) *limiter.DefaultLimiter {
	d, err := limiter.NewDefaultLimiter(l, 1e9, 1e9, 1, 100,
		strategy.NewSimpleStrategy(places), limit.NoopLimitLogger{}, core.EmptyMetricRegistryInstance)
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

func failsafeRunReject(*testing.B) func(*testing.PB) {
	l := adaptivelimiter.NewBuilder[any]().WithLimits(1, 1, 1).Build()
	_, ok := l.TryAcquirePermit()
	must(ok)
	e := failsafe.With(l)
	return func(pb *testing.PB) {
		for pb.Next() {
			must(e.Run(func() error { return nil }) != nil)
		}
	}
}

func bulkheadTry(*testing.B) func(*testing.PB) {
	h := bulkhead.New[any](plenty)
	return func(pb *testing.PB) {
		for pb.Next() {
			must(h.TryAcquirePermit())
			h.ReleasePermit()
		}
	}
}

func bulkheadRun(*testing.B) func(*testing.PB) {
	e := failsafe.With(bulkhead.New[any](plenty))
	return func(pb *testing.PB) {
		for pb.Next() {
			must(e.Run(func() error { return nil }) == nil)
		}
	}
}

func bulkheadReject(*testing.B) func(*testing.PB) {
	h := bulkhead.New[any](1)
	must(h.TryAcquirePermit())
	return func(pb *testing.PB) {
		for pb.Next() {
			must(!h.TryAcquirePermit())
		}
	}
}

// aegisBBR and goZeroShedder limit only while the CPUs of this machine are busy. Here
// they never find them so, and in the benchmarks of a rejection always.
func aegisBBR(*testing.B) func(*testing.PB) {
	l := bbr.NewLimiter(bbr.WithCPUThreshold(never))
	return func(pb *testing.PB) {
		for pb.Next() {
			done, err := l.Allow()
			must(err == nil)
			done(ratelimit.DoneInfo{})
		}
	}
}

// never is a share of the CPUs, in thousandths, that is not reached.
const never = 10_000

func aegisReject(*testing.B) func(*testing.PB) {
	l := bbr.NewLimiter(bbr.WithCPUThreshold(0))
	for {
		if _, err := l.Allow(); err != nil {
			break
		}
	}
	return func(pb *testing.PB) {
		for pb.Next() {
			_, err := l.Allow()
			must(err != nil)
		}
	}
}

func goZeroShedder(*testing.B) func(*testing.PB) {
	logx.Disable()
	s := load.NewAdaptiveShedder(load.WithCpuThreshold(never))
	return func(pb *testing.PB) {
		for pb.Next() {
			p, err := s.Allow()
			must(err == nil)
			p.Pass()
		}
	}
}

func goZeroShedderReject(*testing.B) func(*testing.PB) {
	logx.Disable()
	s := load.NewAdaptiveShedder(load.WithCpuThreshold(0))
	var calls [100]load.Promise
	for i := range calls {
		var err error
		calls[i], err = s.Allow()
		must(err == nil)
	}
	for _, p := range calls[:50] { // it looks at a mean of the calls in flight that moves when one ends
		p.Fail()
	}
	return func(pb *testing.PB) {
		for pb.Next() {
			_, err := s.Allow()
			must(err != nil)
		}
	}
}

func goZeroLimit(*testing.B) func(*testing.PB) {
	l := syncx.NewLimit(plenty)
	return func(pb *testing.PB) {
		for pb.Next() {
			must(l.TryBorrow())
			_ = l.Return()
		}
	}
}

func goZeroLimitReject(*testing.B) func(*testing.PB) {
	l := syncx.NewLimit(1)
	l.Borrow()
	return func(pb *testing.PB) {
		for pb.Next() {
			must(!l.TryBorrow())
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

func xsyncReject(*testing.B) func(*testing.PB) {
	s := semaphore.NewWeighted(1)
	must(s.TryAcquire(1))
	return func(pb *testing.PB) {
		for pb.Next() {
			must(!s.TryAcquire(1))
		}
	}
}

func chanReject(*testing.B) func(*testing.PB) {
	places := make(chan struct{}, 1)
	places <- struct{}{}
	return func(pb *testing.PB) {
		for pb.Next() {
			select {
			case places <- struct{}{}:
				must(false)
			default:
			}
		}
	}
}
