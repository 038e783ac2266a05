package main

import (
	"context"
	"math"
	"runtime"
	"slices"
	"time"
)

// overhead is what an idle call costs with and without a limiter.
type overhead struct {
	name           string
	plain, limited time.Duration // median round's time per call
	ratio          interval      // of the rounds' ratios
	allocs         float64       // added, median
}

// pairs is how many times the clients are made anew: where their connections and the
// goroutines behind them come to lie makes one client faster than its twin, by as much
// as is measured here.
const pairs = 10

// measureOverhead makes rounds of idle calls, one caller, with and without by turns.
// Clients returns one of each. A round's ratio is to the plain round beside it, so that
// what else the machine does weighs on both.
func measureOverhead(ctx context.Context, p plan, clients func() (plain, limited client, err error)) (o overhead, err error) {
	var all rounds
	for range pairs {
		plain, limited, err := clients()
		if err != nil {
			return o, err
		}
		err = all.add(ctx, p, plain.idle, limited.idle)
		plain.close()
		limited.close()
		if err != nil {
			return o, err
		}
	}
	return overhead{plain: quantile(all.plain, 0.5), limited: quantile(all.limited, 0.5),
		ratio: median(all.ratios), allocs: quantile(all.allocs, 0.5)}, nil
}

type rounds struct {
	plain, limited []time.Duration
	ratios, allocs []float64
}

// share is how many rounds a pair makes.
func (p plan) share() int { return max(p.rounds/pairs, 1) }

// add makes one pair's share of the rounds.
func (r *rounds) add(ctx context.Context, p plan, plain, limited call) error {
	// A deadline of its own for each call is what callers have, but it would cost more
	// than what is measured; one for all of them can be cancelled just as well.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for i := range p.share() + 1 {
		first, second := plain, limited
		if i%2 == 1 {
			first, second = second, first
		}
		a, n, err := round(ctx, p, first)
		if err != nil {
			return err
		}
		b, m, err := round(ctx, p, second)
		if err != nil {
			return err
		}
		if i%2 == 1 {
			a, b, n, m = b, a, m, n
		}
		if i == 0 {
			continue // opens the connections
		}
		r.plain, r.limited = append(r.plain, a), append(r.limited, b)
		r.ratios, r.allocs = append(r.ratios, float64(b)/float64(a)), append(r.allocs, m-n)
	}
	return nil
}

// round returns the time and the allocations of a call.
func round(ctx context.Context, p plan, call call) (each time.Duration, allocs float64, err error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begun := time.Now()
	for range p.calls {
		if err := call(ctx); err != nil {
			return 0, 0, err
		}
	}
	each = time.Since(begun) / time.Duration(p.calls)
	runtime.ReadMemStats(&after)
	return each, float64(after.Mallocs-before.Mallocs) / float64(p.calls), nil
}

// interval is a median and where it may lie.
type interval struct{ low, middle, high float64 }

// median is that of x, with the order statistics between which the true one lies 19
// times in 20: half of n, and 0.98 times its root to either side.
func median(x []float64) interval {
	slices.Sort(x)
	half, to := float64(len(x)-1)/2, 0.98*math.Sqrt(float64(len(x)))
	return interval{x[int(max(half-to, 0))], x[int(half)], x[int(min(math.Ceil(half+to), float64(len(x)-1)))]}
}
