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
	heap     = 256 << 20 // bytes
)

// BenchmarkContended has a crowd wait for a few permits, each of which is held
// across a switch of goroutines, as a call over a network would. It runs for a
// fixed time, which begins when everybody has had a permit, so give it -benchtime 1x. Next
// to the time of an admission it tells how many admissions the goroutine with the most had
// for each one of that with the fewest.
//
// Waiting is garbage. In a heap of nothing else the collector runs all the time and stalls
// some of those who allocate, and while they are stalled they are in no queue: so there is
// a heap as a server has one.
func BenchmarkContended(b *testing.B) {
	server := make([]byte, heap)
	defer runtime.KeepAlive(server)
	for _, c := range []struct {
		name string
		make func(b *testing.B) (turn func(hold func()))
	}{
		{"xsync_semaphore", func(*testing.B) func(func()) {
			s := semaphore.NewWeighted(permits)
			return func(hold func()) {
				must(s.Acquire(context.Background(), 1) == nil)
				hold()
				s.Release(1)
			}
		}},
		{"flyball", func(b *testing.B) func(func()) {
			l := newLimiter(b, adaptive.Config{Law: "fixed", Initial: permits})
			return func(hold func()) {
				p, err := l.Acquire(context.Background())
				must(err == nil)
				hold()
				p.Done(adaptive.Success)
			}
		}},
		{"chan_semaphore", func(*testing.B) func(func()) {
			places := make(chan struct{}, permits)
			return func(hold func()) {
				places <- struct{}{}
				hold()
				<-places
			}
		}},
		{"failsafe_adaptive", func(*testing.B) func(func()) {
			l := adaptivelimiter.NewBuilder[any]().WithLimits(permits, permits, permits).Build()
			return func(hold func()) {
				p, err := l.AcquirePermit(context.Background())
				must(err == nil)
				hold()
				p.Record()
			}
		}},
		{"bulkhead", func(*testing.B) func(func()) {
			h := bulkhead.New[any](permits)
			return func(hold func()) {
				must(h.AcquirePermit(context.Background()) == nil)
				hold()
				h.ReleasePermit()
			}
		}},
		{"gcl_fifo", func(b *testing.B) func(func()) {
			fixed := limit.NewFixedLimit("", permits, core.EmptyMetricRegistryInstance)
			q := limiter.NewQueueBlockingLimiterFromConfig(gclWith(b, fixed, permits), limiter.QueueLimiterConfig{
				Ordering: limiter.OrderingFIFO, MaxBacklogSize: crowd, MaxBacklogTimeout: time.Second,
			})
			return func(hold func()) {
				for {
					if t, ok := q.Acquire(context.Background()); ok {
						hold()
						t.OnSuccess()
						return
					}
					// A wake-up was lost, as some are: the second was waited for nothing.
				}
			}
		}},
	} {
		b.Run("yield/"+c.name, func(b *testing.B) {
			turn := c.make(b)
			var counting, stop atomic.Bool
			var admissions [crowd]int
			var all, had sync.WaitGroup
			had.Add(crowd)
			runtime.GC() // the garbage of the one before is not this one's
			for i := range crowd {
				all.Go(func() {
					n := 0
					hold := func() {
						if counting.Load() {
							n++
						}
						runtime.Gosched()
					}
					turn(hold)
					had.Done()
					for !stop.Load() {
						turn(hold)
					}
					admissions[i] = n
				})
			}
			had.Wait()
			begun := time.Now()
			counting.Store(true)
			time.Sleep(stampede)
			counting.Store(false)
			took := time.Since(begun)
			stop.Store(true)
			all.Wait()
			total, most, fewest := 0, 0, admissions[0]
			for _, n := range admissions {
				total, most, fewest = total+n, max(most, n), min(fewest, n)
			}
			b.ReportMetric(float64(took.Nanoseconds())/float64(total), "ns/op")
			b.ReportMetric(float64(most)/float64(max(fewest, 1)), "max/min")
		})
	}
}
