package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// overload is what became of three times the load that a server can take.
type overload struct {
	name, what string
	levels     []level       // of a server that is not overloaded, or not much
	capacity   float64       // good answers per second, at the best of levels
	unloaded   time.Duration // 99th percentile of a lone caller, before and after the limited clients
	rate       float64       // of arrivals
	plain      outcome
	limited    []limited
}

// limited is what callers of a client behind a limiter got.
type limited struct {
	outcome
	law   string
	limit int // at the end
}

// trial is a client behind a limiter that has seen no call yet.
type trial struct {
	client
	limiter *adaptive.Limiter
}

// level is what a server does for so many callers, one call after the other each.
type level struct {
	callers  int
	goodput  float64 // answers per second
	p50, p99 time.Duration
}

// outcome is what callers got.
type outcome struct {
	goodput                    float64       // answers within their patience, per second
	p99                        time.Duration // of those, from the instant when the call was due
	late, rejected, bad, total int
}

type call = func(context.Context) error

func measureOverload(ctx context.Context, p plan, plain call, behind func(law string) (trial, error)) (o overload, err error) {
	if o.levels, err = measureLevels(ctx, p, plain); err != nil {
		return o, err
	}
	o.capacity = capacityOf(o.levels)
	o.rate = 3 * o.capacity
	// A lone caller is heard for as long as the callers that are held against it: what
	// a server does besides, now and then, belongs to both.
	before, err := alone(ctx, p, plain)
	if err != nil {
		return o, err
	}
	// The limited clients first: what the plain one leaves in line would be theirs to clear.
	for _, law := range p.laws {
		t, err := behind(law)
		if err != nil {
			return o, err
		}
		got := openLoop(ctx, p, o.rate, t.work)
		o.limited = append(o.limited, limited{got, law, t.limiter.Limit()})
		t.close()
	}
	after, err := alone(ctx, p, plain)
	if err != nil {
		return o, err
	}
	o.unloaded = quantile(append(before, after...), 0.99)
	o.plain = openLoop(ctx, p, o.rate, plain)
	return o, nil
}

// alone is how long the answers to a lone caller take, for half of what is counted.
func alone(ctx context.Context, p plan, plain call) ([]time.Duration, error) {
	p.probe = p.length / 2
	took, _, err := closedLoop(ctx, p, 1, plain)
	if err != nil {
		return nil, fmt.Errorf("a lone caller: %w", err)
	}
	return took, nil
}

func measureLevels(ctx context.Context, p plan, plain call) (all []level, err error) {
	// Once for the connections that it opens.
	if _, _, err = closedLoop(ctx, plan{}, 16, plain); err != nil {
		return nil, err
	}
	for _, callers := range []int{1, 2, 4, 8, 16} {
		took, elapsed, err := closedLoop(ctx, p, callers, plain)
		if err != nil {
			return nil, fmt.Errorf("a server without overload: %w", err)
		}
		all = append(all, level{callers, float64(len(took)) / elapsed.Seconds(), quantile(took, 0.5), quantile(took, 0.99)})
	}
	return all, nil
}

func capacityOf(levels []level) (best float64) {
	for _, l := range levels {
		best = max(best, l.goodput)
	}
	return best
}

// closedLoop lets so many callers call, one after the other each, and returns how
// long the answers took and how long it all took.
func closedLoop(ctx context.Context, p plan, callers int, call call) (took []time.Duration, elapsed time.Duration, err error) {
	var mu sync.Mutex
	var running sync.WaitGroup
	start := time.Now()
	for range callers {
		running.Go(func() {
			for {
				begun := time.Now()
				failed := call(ctx)
				d := time.Since(begun)
				mu.Lock()
				took, err = append(took, d), errors.Join(err, failed)
				mu.Unlock()
				if failed != nil || time.Since(start) > p.probe {
					return
				}
			}
		})
	}
	running.Wait()
	return took, time.Since(start), err
}

// openLoop calls at random instants, the same for each client.
func openLoop(ctx context.Context, p plan, rate float64, call call) (o outcome) {
	var mu sync.Mutex
	var took []time.Duration
	arrivals(ctx, p.warmup+p.length, rate, func(at time.Duration, due time.Time) {
		ctx, cancel := context.WithDeadline(ctx, due.Add(p.patience))
		defer cancel()
		err := call(ctx)
		d := time.Since(due)
		if at < p.warmup {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		o.total++
		switch {
		case err == nil && d <= p.patience:
			took = append(took, d)
		case errors.Is(err, adaptive.ErrRejected):
			o.rejected++
		case d >= p.patience:
			o.late++
		default:
			o.bad++
		}
	})
	o.goodput, o.p99 = float64(len(took))/p.length.Seconds(), quantile(took, 0.99)
	return o
}

// arrivals runs f at random instants, rate a second, each at after the beginning,
// and returns when all have returned: callers do not come slower because a server
// is slow.
func arrivals(ctx context.Context, length time.Duration, rate float64, f func(at time.Duration, due time.Time)) {
	var running sync.WaitGroup
	gaps := rand.New(rand.NewPCG(1, 2))
	start := time.Now()
	for at := time.Duration(0); at < length && ctx.Err() == nil; {
		now, due := at, start.Add(at)
		time.Sleep(time.Until(due))
		running.Go(func() { f(now, due) })
		at += time.Duration(gaps.ExpFloat64() * float64(time.Second) / rate)
	}
	running.Wait()
}

// quantile is that of d, which it sorts; 0 if there are none.
func quantile[T ~int64 | ~float64](d []T, q float64) (zero T) {
	if len(d) == 0 {
		return zero
	}
	slices.Sort(d)
	return d[int(q*float64(len(d)-1))]
}
