package main

import (
	"context"
	"runtime"
	"time"
)

// overhead is what an idle call costs with and without a limiter.
type overhead struct {
	name           string
	plain, limited time.Duration // median round's time per call
	ratio          float64       // median of the rounds' ratios
	allocs         float64       // added, median
}

// measureOverhead makes rounds of idle calls, one caller, with and without by turns.
// A round's ratio is to the plain round beside it, so that what else the machine does
// weighs on both.
func measureOverhead(ctx context.Context, p plan, plain, limited call) (o overhead, err error) {
	// A deadline of its own for each call is what callers have, but it would cost more
	// than what is measured; one for all of them can be cancelled just as well.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	round := func(call call) (each time.Duration, allocs float64, err error) {
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
	var plains, limiteds []time.Duration
	var ratios, allocs []float64
	for i := range p.rounds + 1 {
		first, second := plain, limited
		if i%2 == 1 {
			first, second = second, first
		}
		a, n, err := round(first)
		if err != nil {
			return o, err
		}
		b, m, err := round(second)
		if err != nil {
			return o, err
		}
		if i%2 == 1 {
			a, b, n, m = b, a, m, n
		}
		if i == 0 {
			continue // opens the connections
		}
		plains, limiteds = append(plains, a), append(limiteds, b)
		ratios, allocs = append(ratios, float64(b)/float64(a)), append(allocs, m-n)
	}
	return overhead{plain: quantile(plains, 0.5), limited: quantile(limiteds, 0.5),
		ratio: quantile(ratios, 0.5), allocs: quantile(allocs, 0.5)}, nil
}
