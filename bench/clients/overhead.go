package main

import (
	"context"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// overhead is what an idle call costs with and without a limiter.
type overhead struct {
	name           string
	plain, limited time.Duration // median round's time per call
	ratio          interval      // of the pairs' median ratios
	twin           interval      // of plain clients to plain clients: how well it is measured
	allocs         float64       // added, median
}

const (
	// pairs is how many there are of each client: where their connections and the
	// processes behind them come to lie makes one faster than its twin.
	pairs = 10

	// callsInRound are few, because what else makes calls slow, such as the processor
	// that a goroutine wakes on, stays so for a while. In the same time rounds of 4 tell
	// a plain HTTP/2 client from its twin to 0.2 %, rounds of 64 to 3 %.
	callsInRound = 4
)

// measureOverhead makes rounds of idle calls, one caller, with and without by turns,
// of pairs of clients that connect makes, with g or without. A round's ratio is to the
// plain round beside it, so that what else the machine does weighs on both.
func measureOverhead(ctx context.Context, p plan, connect func(adaptive.Guard) (client, error), g adaptive.Guard) (o overhead, err error) {
	// A deadline of its own for each call is what callers have, but it would cost more
	// than what is measured; one for all of them can be cancelled just as well.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var twins, ratios, plains, limiteds, allocs []float64
	for range pairs {
		twin, err := measurePair(ctx, p, connect, nil)
		if err != nil {
			return o, err
		}
		c, err := measurePair(ctx, p, connect, g)
		if err != nil {
			return o, err
		}
		twins, ratios = append(twins, twin.ratio), append(ratios, c.ratio)
		plains, limiteds, allocs = append(plains, c.plain), append(limiteds, c.limited), append(allocs, c.allocs)
	}
	return overhead{plain: time.Duration(quantile(plains, 0.5)), limited: time.Duration(quantile(limiteds, 0.5)),
		ratio: median(ratios), twin: median(twins), allocs: quantile(allocs, 0.5)}, nil
}

// cost is what an idle call of a pair of clients takes, in the median.
type cost struct {
	plain, limited float64 // nanoseconds
	ratio          float64
	allocs         float64 // added
}

// measurePair makes the rounds of a plain client and one behind g.
func measurePair(ctx context.Context, p plan, connect func(adaptive.Guard) (client, error), g adaptive.Guard) (c cost, err error) {
	plain, err := connect(nil)
	if err != nil {
		return c, err
	}
	defer plain.close()
	limited, err := connect(g)
	if err != nil {
		return c, err
	}
	defer limited.close()
	without, err := allocations(ctx, p, plain.idle)
	if err != nil {
		return c, err
	}
	with, err := allocations(ctx, p, limited.idle)
	if err != nil {
		return c, err
	}
	var plains, limiteds, ratios []float64
	for i := range p.rounds {
		a, b, err := both(ctx, i%2 == 1, plain.idle, limited.idle)
		if err != nil {
			return c, err
		}
		plains, limiteds, ratios = append(plains, a), append(limiteds, b), append(ratios, b/a)
	}
	return cost{quantile(plains, 0.5), quantile(limiteds, 0.5), quantile(ratios, 0.5), with - without}, nil
}

// both makes a round with and one without, the other way round if swapped, and
// returns the nanoseconds per call.
func both(ctx context.Context, swapped bool, plain, limited call) (a, b float64, err error) {
	if swapped {
		b, a, err = both(ctx, false, limited, plain)
		return a, b, err
	}
	if a, err = round(ctx, callsInRound, plain); err == nil {
		b, err = round(ctx, callsInRound, limited)
	}
	return a, b, err
}

// round makes so many calls after one that does not count, because it meets what the
// other client has left in the caches. It returns the nanoseconds per call.
func round(ctx context.Context, calls int, call call) (float64, error) {
	if err := call(ctx); err != nil {
		return 0, err
	}
	begun := time.Now()
	for range calls {
		if err := call(ctx); err != nil {
			return 0, err
		}
	}
	return float64(time.Since(begun)) / float64(calls), nil
}

// allocations is how many a call makes. On the way it opens the connection and lets
// what is behind it come to rest.
func allocations(ctx context.Context, p plan, call call) (n float64, err error) {
	for range 2 { // the first time does not count
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := round(ctx, p.warm, call); err != nil {
			return 0, err
		}
		runtime.ReadMemStats(&after)
		n = float64(after.Mallocs-before.Mallocs) / float64(p.warm+1)
	}
	return n, nil
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
