package bench

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/alitto/pond/v2"
	"github.com/panjf2000/ants/v2"
	conc "github.com/sourcegraph/conc/pool"
	"golang.org/x/sync/errgroup"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/pool"
)

// BenchmarkPool runs b.N tasks that one goroutine submits to so many workers, and
// waits for them. Empty tasks show what a pool costs; tasks of 20 µs on two CPUs
// cannot take less than 10 µs each. Ten thousand of them are ten slices of time of Go's
// scheduler, and ten times what a queue holds: with one thousand only the first fill of a
// new pool was measured, and nobody was ever held back.
func BenchmarkPool(b *testing.B) {
	for _, tasks := range []struct {
		name string
		f    func()
	}{
		{"empty", func() {}},
		{"20us", func() { spin(20 * time.Microsecond) }},
	} {
		for _, workers := range []int{2, 8, 256} {
			b.Run(fmt.Sprintf("%s,workers=%d", tasks.name, workers), func(b *testing.B) {
				for _, c := range pools {
					if c.name == "flyball_permit" && tasks.name != "empty" {
						continue // does one task after the other
					}
					b.Run(c.name, func(b *testing.B) {
						defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
						b.ReportAllocs()
						c.run(b, workers, tasks.f)
					})
				}
			})
		}
	}
}

// spin computes for about d.
func spin(d time.Duration) {
	for start := time.Now(); time.Since(start) < d; {
	}
}

var pools = []struct {
	name string
	run  func(b *testing.B, workers int, task func())
}{
	{"ideal", ideal},
	{"pond_go", pondGo},
	{"flyball_go", flyballGo},
	{"flyball_go_adaptive", flyballGoAdaptive},
	{"flyball_permit", flyballPermit},
	{"flyball_submit", flyballSubmit},
	{"pond_submit", pondSubmit},
	{"flyball_group", flyballGroup},
	{"conc", concPool},
	{"ants", antsPool},
	{"errgroup", errGroup},
	{"goroutine_chan", goroutineChan},
}

// ideal knows the tasks beforehand: each CPU does its half.
func ideal(b *testing.B, _ int, task func()) {
	var halves sync.WaitGroup
	for h := range 2 {
		halves.Go(func() {
			for range (b.N + h) / 2 {
				task()
			}
		})
	}
	halves.Wait()
}

// flyballPermit takes and gives back a permit around each task, in one goroutine:
// what a guard adds to a pool.
func flyballPermit(b *testing.B, _ int, task func()) {
	l := adaptiveLimiter(b)
	b.ResetTimer()
	for range b.N {
		p, ok := l.TryAcquire()
		must(ok)
		task()
		p.Done(adaptive.Success)
	}
}

func pondGo(b *testing.B, workers int, task func()) {
	p := pond.NewPool(workers, pond.WithQueueSize(1024))
	b.ResetTimer()
	for range b.N {
		_ = p.Go(task)
	}
	p.StopAndWait()
}

func pondSubmit(b *testing.B, workers int, task func()) {
	p := pond.NewPool(workers, pond.WithQueueSize(1024))
	b.ResetTimer()
	for range b.N {
		p.Submit(task)
	}
	p.StopAndWait()
}

func fixedPool(b *testing.B, workers int) *pool.Pool {
	p, err := pool.New(nil, pool.Config{Limit: workers})
	must(err == nil)
	return p
}

func flyballGo(b *testing.B, workers int, task func()) {
	runPool(b, fixedPool(b, workers), task)
}

func flyballGoAdaptive(b *testing.B, workers int, task func()) {
	lim := newLimiter(b, adaptive.Config{Min: workers, Max: workers})
	p, err := pool.New(lim, pool.Config{})
	must(err == nil)
	runPool(b, p, task)
}

func runPool(b *testing.B, p *pool.Pool, task func()) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	f := func(context.Context) error { task(); return nil }
	b.ResetTimer()
	for range b.N {
		must(p.Go(ctx, f) == nil)
	}
	_, err := p.Shutdown(ctx)
	must(err == nil)
}

func flyballSubmit(b *testing.B, workers int, task func()) {
	p := fixedPool(b, workers)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	f := func(context.Context) (int, error) { task(); return 1, nil }
	b.ResetTimer()
	for range b.N {
		_, err := pool.Submit(ctx, p, f)
		must(err == nil)
	}
	_, err := p.Shutdown(ctx)
	must(err == nil)
}

func flyballGroup(b *testing.B, workers int, task func()) {
	p := fixedPool(b, workers)
	f := func(context.Context) error { task(); return nil }
	b.ResetTimer()
	must(p.Group(context.Background(), func(_ context.Context, g *pool.Group) error {
		for range b.N {
			g.Go(f)
		}
		return nil
	}) == nil)
}

func concPool(b *testing.B, workers int, task func()) {
	p := conc.New().WithMaxGoroutines(workers)
	b.ResetTimer()
	for range b.N {
		p.Go(task)
	}
	p.Wait()
}

func antsPool(b *testing.B, workers int, task func()) {
	p, err := ants.NewPool(workers)
	must(err == nil)
	defer p.Release()
	var left sync.WaitGroup
	f := func() { task(); left.Done() }
	b.ResetTimer()
	for range b.N {
		left.Add(1)
		must(p.Submit(f) == nil)
	}
	left.Wait()
}

func errGroup(b *testing.B, workers int, task func()) {
	var g errgroup.Group
	g.SetLimit(workers)
	f := func() error { task(); return nil }
	b.ResetTimer()
	for range b.N {
		g.Go(f)
	}
	must(g.Wait() == nil)
}

func goroutineChan(b *testing.B, workers int, task func()) {
	c := make(chan func(), 1024)
	var left sync.WaitGroup
	b.ResetTimer()
	for range workers {
		left.Go(func() {
			for f := range c {
				f()
			}
		})
	}
	for range b.N {
		c <- task
	}
	close(c)
	left.Wait()
}
