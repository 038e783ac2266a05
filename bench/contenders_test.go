package bench

import (
	"context"
	"math/bits"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// plenty is a limit that no benchmark reaches.
const plenty = 1000

// A contender makes the loop that one goroutine runs. The loop is its own, so
// that no call through a variable is measured.
type contender struct {
	name string
	loop func(b *testing.B) func(pb *testing.PB)
}

// refAddSub counts calls in flight and refuses none: the least of a counter.
func refAddSub(*testing.B) func(*testing.PB) {
	var inFlight atomic.Int64
	return func(pb *testing.PB) {
		for pb.Next() {
			must(inFlight.Add(1) <= plenty)
			inFlight.Add(-1)
		}
	}
}

// refCAS is the least of a limit: a compare and swap in, an add out.
func refCAS(*testing.B) func(*testing.PB) {
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
			inFlight.Add(-1)
		}
	}
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

// flyballFixed has a limit that does not move, as a semaphore has.
func flyballFixed(b *testing.B) func(*testing.PB) {
	return try(newLimiter(b, adaptive.Config{Law: "fixed", Initial: plenty}))
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

// must stops a benchmark that measures something else than it says.
func must(ok bool) {
	if !ok {
		panic("bench: a call was admitted or rejected against expectation")
	}
}
