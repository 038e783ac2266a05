package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/flyball-go/flyball/bench/peers"
	"github.com/flyball-go/flyball/bench/virtual"
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
	game   virtual.Game
	sc     *simulate.Scenario
	report *simulate.Report
}

func newMatch(s set, g virtual.Game) (match, error) {
	sc, err := g.Scenario()
	return match{set: s, game: g, sc: sc}, err
}

// of returns the result of a guard.
func (m *match) of(guard string) *simulate.Result { return m.report.Of(guard)[0] }

// ours are those of guards that a Runner knows by name, with the oracle if there are
// none: it takes no name for its own choice.
func ours(guards []string) (names []string) {
	for _, g := range guards {
		if _, err := peers.Find(g); err != nil {
			names = append(names, g)
		}
	}
	if len(names) == 0 {
		names = append(names, "oracle")
	}
	return names
}

// theirs are the peers among guards: those that read the wall clock, or the others.
func theirs(guards []string, bubble bool) (found []peers.Peer) {
	for _, g := range guards {
		if p, err := peers.Find(g); err == nil && p.Bubble == bubble {
			found = append(found, p)
		}
	}
	return found
}

// playAll plays the matches, as many at a time as there are processors.
// Peers that read the wall clock are left out.
func playAll(ctx context.Context, runner *simulate.Runner, guards []string, matches []match) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan *match)
	var played atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for m := range next {
				if err := m.play(ctx, runner, theirs(guards, false)); err != nil {
					cancel(err)
					continue
				}
				fmt.Fprintf(os.Stderr, "%d of %d: %s\n", played.Add(1), len(matches), m.sc.Name)
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

func (m *match) play(ctx context.Context, runner *simulate.Runner, rivals []peers.Peer) (err error) {
	if m.report, err = runner.Compare(ctx, m.sc); err != nil {
		return err
	}
	for _, p := range rivals {
		res, err := runner.Try(ctx, m.sc, p.Candidate())
		if err != nil {
			return err
		}
		m.report.Results = append(m.report.Results, res)
	}
	return nil
}

// playVirtual plays the matches for the peers that read the wall clock.
func playVirtual(ctx context.Context, player *virtual.Player, runner *simulate.Runner, guards []string, matches []match) error {
	job := virtual.Job{Events: runner.Events, Oracles: runner.Found()}
	for _, p := range theirs(guards, true) {
		job.Peers = append(job.Peers, p.Name)
	}
	for _, m := range matches {
		job.Games = append(job.Games, m.game)
	}
	results, err := player.Play(ctx, job)
	if err != nil {
		return err
	}
	for i := range matches {
		matches[i].report.Results = append(matches[i].report.Results, results[i]...)
	}
	return nil
}

// writeRuns writes every single run.
func writeRuns(w io.Writer, matches []match) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"set", "scenario", "seed", "guard", "score", "ofBest", "p50", "p99", "limit", "oracle_p50", "oracle_p99", "oracle_limit"}}
	for _, m := range matches {
		best := m.of("oracle")
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
