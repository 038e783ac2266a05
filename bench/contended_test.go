package bench

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/failsafe-go/failsafe-go/adaptivelimiter"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/flyball-go/flyball/adaptive"
	"github.com/platinummonkey/go-concurrency-limits/core"
	"github.com/platinummonkey/go-concurrency-limits/limit"
	"github.com/platinummonkey/go-concurrency-limits/limiter"
	"golang.org/x/sync/semaphore"
)

const (
	crowd    = 256 // goroutines
	permits  = 8
	stampede = 300 * time.Millisecond
)

// BenchmarkContended has a crowd wait for a few permits, each of which is held
// across a switch of goroutines, as a call over a network would. It runs for a
// fixed time, so give it -benchtime 1x. Next to the time of an admission it tells
// how many admissions the goroutine with the most had for each one of that with
// the fewest.
func BenchmarkContended(b *testing.B) {
	for _, c := range []struct {
		name string
		make func(b *testing.B) (acquire func() func())
	}{
		{"xsync_semaphore", func(*testing.B) func() func() {
			s := semaphore.NewWeighted(permits)
			release := func() { s.Release(1) }
			return func() func() {
				must(s.Acquire(context.Background(), 1) == nil)
				return release
			}
		}},
		{"flyball", func(b *testing.B) func() func() {
			l := newLimiter(b, adaptive.Config{Law: "fixed", Initial: permits})
			return func() func() {
				p, err := l.Acquire(context.Background())
				must(err == nil)
				return func() { p.Done(adaptive.Success) }
			}
		}},
		{"chan_semaphore", func(*testing.B) func() func() {
			places := make(chan struct{}, permits)
			release := func() { <-places }
			return func() func() {
				places <- struct{}{}
				return release
			}
		}},
		{"failsafe_adaptive", func(*testing.B) func() func() {
			l := adaptivelimiter.NewBuilder[any]().WithLimits(permits, permits, permits).Build()
			return func() func() {
				p, err := l.AcquirePermit(context.Background())
				must(err == nil)
				return p.Record
			}
		}},
		{"bulkhead", func(*testing.B) func() func() {
			h := bulkhead.New[any](permits)
			return func() func() {
				must(h.AcquirePermit(context.Background()) == nil)
				return h.ReleasePermit
			}
		}},
		{"gcl_fifo", func(b *testing.B) func() func() {
			fixed := limit.NewFixedLimit("", permits, core.EmptyMetricRegistryInstance)
			q := limiter.NewQueueBlockingLimiterFromConfig(gclWith(b, fixed, permits), limiter.QueueLimiterConfig{
				Ordering: limiter.OrderingFIFO, MaxBacklogSize: crowd, MaxBacklogTimeout: time.Second,
			})
			return func() func() {
				for {
					if t, ok := q.Acquire(context.Background()); ok {
						return t.OnSuccess
					}
					// A wake-up was lost, as some are: the second was waited for nothing.
				}
			}
		}},
	} {
		b.Run("yield/"+c.name, func(b *testing.B) {
			acquire := c.make(b)
			var stop atomic.Bool
			var admissions [crowd]int
			var wg sync.WaitGroup
			runtime.GC() // the garbage of the one before is not this one's
			begun := time.Now()
			for i := range crowd {
				wg.Go(func() {
					for n := 0; ; n++ {
						release := acquire()
						if stop.Load() {
							release()
							admissions[i] = n
							return
						}
						runtime.Gosched()
						release()
					}
				})
			}
			time.Sleep(stampede)
			stop.Store(true)
			took := time.Since(begun)
			wg.Wait()
			total, most, fewest := 0, 0, admissions[0]
			for _, n := range admissions {
				total, most, fewest = total+n, max(most, n), min(fewest, n)
			}
			b.ReportMetric(float64(took.Nanoseconds())/float64(total), "ns/op")
			b.ReportMetric(float64(most)/float64(max(fewest, 1)), "max/min")
		})
	}
}
