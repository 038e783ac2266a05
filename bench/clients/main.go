// Command clients puts real clients of real servers through two trials, each with
// the plain client beside the same client behind a limiter:
//
//	go run ./bench/clients
//
// The first offers three times what the server can do, in an open loop. The second
// makes calls to a server that has nothing else to do, which shows what the limiter
// costs. The limiter begins with one call and finds how many more there may be, so
// that a server which does one thing at a time never has six in line; and it has no
// queue, as at three times the load the next caller is there soon after one has left.
// Each law of -laws has a turn of its own.
// It needs redis-server and PostgreSQL on the machine, and leaves a kind of server
// out only if told to with -only.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// plan is what each client is put through.
type plan struct {
	only     string        // name of one subject; empty means all
	initial  int           // first limit; 0 is the library's own
	queue    int           // calls that may wait for a permit; −1 is none, 0 the library's own
	laws     []string      // each has the overload to itself
	patience time.Duration // of a caller
	probe    time.Duration // for each measurement of capacity
	warmup   time.Duration // of the overload, not counted
	length   time.Duration // of the overload after it
	rounds   int           // of idle calls, with and without, of each pair of clients
	warm     int           // idle calls of each client before
}

func main() {
	p := plan{patience: 500 * time.Millisecond, probe: time.Second, warm: 400}
	flag.StringVar(&p.only, "only", "", "the one client to try: "+strings.Join(names(), ", "))
	flag.IntVar(&p.initial, "initial", 1, "first limit; 0 is the library's own")
	flag.IntVar(&p.queue, "queue", -1, "calls that may wait for a permit; -1 is none, 0 the library's own")
	laws := flag.String("laws", "knee,aimd", "laws to overload each client with, one after the other")
	flag.DurationVar(&p.warmup, "warmup", 5*time.Second, "overload that is not counted, while the limiter learns")
	flag.DurationVar(&p.length, "length", 10*time.Second, "overload that is counted, for each client")
	flag.IntVar(&p.rounds, "rounds", 1500, "rounds of idle calls of each pair")
	flag.Parse()
	p.laws = strings.Split(*laws, ",")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, p); err != nil {
		fmt.Fprintln(os.Stderr, "clients:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, p plan) error {
	if p.only != "" && find(p.only) == nil {
		return fmt.Errorf("-only names %q, must be one of %s", p.only, strings.Join(names(), ", "))
	}
	for _, law := range p.laws {
		if _, err := adaptive.ParseLaw(law); err != nil {
			return fmt.Errorf("-laws: %w", err)
		}
	}
	var loads []overload
	var costs []overhead
	for _, s := range subjects {
		if p.only != "" && p.only != s.name {
			continue
		}
		l, c, err := s.try(ctx, p)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		loads, costs = append(loads, l), append(costs, c)
	}
	return report(out, p, loads, costs)
}
