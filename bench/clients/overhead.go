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
	for i := range pairs {
		plain, limited, err := clients()
		if err != nil {
			return o, err
		}
		err = all.add(ctx, p, i, plain.idle, limited.idle)
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

// add makes the i-th pair's share of the rounds.
func (r *rounds) add(ctx context.Context, p plan, i int, plain, limited call) error {
	// A deadline of its own for each call is what callers have, but it would cost more
	// than what is measured; one for all of them can be cancelled just as well.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// Connections are opened, and the processes behind them come to rest, before it
	// counts: each of the two is first by turns.
	warm := p
	warm.calls *= 10
	if _, _, err := both(ctx, warm, i%2 == 1, plain, limited); err != nil {
		return err
	}
	for j := range p.share() {
		a, b, err := both(ctx, p, (i+j)%2 == 1, plain, limited)
		if err != nil {
			return err
		}
		r.plain, r.limited = append(r.plain, a.each), append(r.limited, b.each)
		r.ratios, r.allocs = append(r.ratios, float64(b.each)/float64(a.each)), append(r.allocs, b.allocs-a.allocs)
	}
	return nil
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
