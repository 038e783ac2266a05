package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/flyball-go/flyball/bench/speed"
)

// measure times everything beside the peers and prints what was wanted and what is.
func measure(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet("speed", flag.ContinueOnError)
	rounds := f.Int("rounds", 40, "how often everything is measured; a round takes about ten seconds")
	dir := f.String("o", "bench/results", "folder for the tables, and for speed.txt: what the benchmarks printed, for benchstat")
	if err := parse(f, args, out); err != nil {
		return err
	}
	if *rounds < speed.LeastRounds {
		return fmt.Errorf("-rounds is %d, want at least %d: fewer give no interval of 95 %% confidence", *rounds, speed.LeastRounds)
	}
	raw, err := os.Create(filepath.Join(*dir, "speed.txt"))
	if err != nil {
		return err
	}
	defer raw.Close()
	m, err := speed.Measure(ctx, speed.Plan{Rounds: *rounds, Raw: raw, Told: os.Stderr})
	if err != nil {
		return err
	}
	by := "go run ./bench/cmd/league speed" + quoted(args)
	if err := m.Write(*dir, by); err != nil {
		return err
	}
	text, err := m.Judge(by)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, text)
	return err
}
