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

// pairs is how many there are of each client: where their connections and the
// processes behind them come to lie makes one faster than its twin, by as much as is
// measured here.
const pairs = 10

// measureOverhead makes rounds of idle calls, one caller, with and without by turns,
// each round with the next of the pairs of clients that f makes. A round's ratio is to
// the plain round beside it, so that what else the machine does weighs on both.
func measureOverhead(ctx context.Context, p plan, f func() (plain, limited client, err error)) (o overhead, err error) {
	// A deadline of its own for each call is what callers have, but it would cost more
	// than what is measured; one for all of them can be cancelled just as well.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var plain, limited [pairs]client
	for i := range pairs {
		if plain[i], limited[i], err = f(); err != nil {
			return o, err
		}
		defer plain[i].close()
		defer limited[i].close()
		// Opens the connections, and lets what is behind them come to rest.
		warm := p
		warm.calls *= 10
		if _, _, err = both(ctx, warm, i%2 == 1, plain[i].idle, limited[i].idle); err != nil {
			return o, err
		}
	}
	var plains, limiteds []time.Duration
	var ratios, allocs []float64
	for i := range p.rounds {
		pair, swapped := i%pairs, i/pairs%2 == 1
		a, b, err := both(ctx, p, swapped, plain[pair].idle, limited[pair].idle)
		if err != nil {
			return o, err
		}
		plains, limiteds = append(plains, a.each), append(limiteds, b.each)
		ratios, allocs = append(ratios, float64(b.each)/float64(a.each)), append(allocs, b.allocs-a.allocs)
	}
	return overhead{plain: quantile(plains, 0.5), limited: quantile(limiteds, 0.5),
		ratio: median(ratios), allocs: quantile(allocs, 0.5)}, nil
}

// both makes a round with and one without, the other way round if swapped.
func both(ctx context.Context, p plan, swapped bool, plain, limited call) (a, b cost, err error) {
	if swapped {
		b, a, err = both(ctx, p, false, limited, plain)
		return a, b, err
	}
	if a, err = round(ctx, p, plain); err == nil {
		b, err = round(ctx, p, limited)
	}
	return a, b, err
}

// cost is that of a call.
type cost struct {
	each   time.Duration
	allocs float64
}

func round(ctx context.Context, p plan, call call) (c cost, err error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begun := time.Now()
	for range p.calls {
		if err := call(ctx); err != nil {
			return c, err
		}
	}
	c.each = time.Since(begun) / time.Duration(p.calls)
	runtime.ReadMemStats(&after)
	c.allocs = float64(after.Mallocs-before.Mallocs) / float64(p.calls)
	return c, nil
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
