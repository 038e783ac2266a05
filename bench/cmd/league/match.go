package main

import (
	"context"
	"encoding/csv"
	"io"
	"runtime"
	"strconv"
	"sync"

	"github.com/flyball-go/flyball/simulate"
)

// set is where a scenario comes from.
type set string

const (
	named  set = "named"
	random set = "random"
)

// A match is one scenario with one seed, and, once it was played, the results of
// all guards.
type match struct {
	set    set
	sc     *simulate.Scenario
	report *simulate.Report
}

// playAll plays the matches, as many at a time as there are processors.
func playAll(ctx context.Context, runner *simulate.Runner, matches []match) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan *match)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for m := range next {
				rep, err := runner.Compare(ctx, m.sc)
				if err != nil {
					cancel(err)
					continue
				}
				m.report = rep
			}
		})
	}
	for i := range matches {
		if ctx.Err() != nil {
			break
		}
		next <- &matches[i]
	}
	close(next)
	wg.Wait()
	return context.Cause(ctx)
}

// writeRuns writes every single run.
func writeRuns(w io.Writer, matches []match) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"set", "scenario", "seed", "guard", "score", "ofBest", "p50", "p99", "limit", "oracle_p50", "oracle_p99", "oracle_limit"}}
	for _, m := range matches {
		best := m.report.Of("oracle")[0]
		for _, r := range m.report.Results {
			row := []string{string(m.set), m.sc.Name, strconv.FormatUint(r.Seed, 10), r.Guard}
			for _, x := range []float64{r.Score, r.OfBest, r.Latency.P50, r.Latency.P99, limitOf(r), best.Latency.P50, best.Latency.P99, limitOf(best)} {
				row = append(row, strconv.FormatFloat(x, 'g', 6, 64))
			}
			rows = append(rows, row)
		}
	}
	return out.WriteAll(rows)
}

func limitOf(r *simulate.Result) float64 {
	if r.Limit == nil {
		return 0
	}
	return r.Limit.Mean
}
