// Tuneloop drives the whole of flyball's third use against a server whose capacity
// it does not know, unattended and in under three minutes: load it to its knee, fit
// a twin, tune a limiter on the twin, and verify on the server that it does what the
// twin said.
//
//	go run ./examples/tuneloop
//
// It runs the commands that a person would type, shows what they say, and in the
// end puts what was found beside the truth. It exits with 0 if the knee is within
// 15 % of the capacity, the prediction held, and at twice the knee the limiter kept
// at least 90 % of its goodput at no more than twice its p99.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

func main() {
	workers := flag.Int("workers", 24, "requests that the server does at a time")
	service := flag.Duration("service", 120*time.Millisecond, "a worker's time for one, on average")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	good, err := run(ctx, os.Stdout, *workers, *service, full)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tuneloop:", err)
	}
	if !good {
		os.Exit(1)
	}
}

// pace is how much time the loop takes for each of its parts.
type pace struct {
	load       []string // flags of loadtest
	candidates int      // of tune
	verify     time.Duration
}

var full = pace{
	load:       []string{"--from", "20", "--factor", "1.6", "--min-step", "1s", "--max-step", "2s"},
	candidates: 128, verify: 5 * time.Second,
}

// run goes through the loop and reports whether it came out well.
func run(ctx context.Context, out io.Writer, workers int, service time.Duration, p pace) (good bool, err error) {
	begun := time.Now()
	s, err := startServer(workers, service)
	if err != nil {
		return false, err
	}
	defer s.stop()
	folder, err := os.MkdirTemp("", "tuneloop-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(folder)
	l := loop{ctx: ctx, out: out, folder: folder, url: s.url, pace: p}
	found, err := l.around()
	if err != nil {
		return false, err
	}
	fmt.Fprintf(out, "\nthe whole loop took %v\n\n", time.Since(begun).Round(time.Second))
	return found.beside(out, s), nil
}
