// Llmbatch works off a batch of prompts at a model server that holds so many tokens
// at a time and answers 429 with a Retry-After beyond that. A prompt weighs what it
// has in tokens, so that few long ones or many short ones are in flight; a
// Retry-After that one request is told holds all of them back. It exits with 0 if
// every prompt was answered.
package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/pool"
)

// block is how many tokens weigh 1, heaviest the most that a prompt may weigh.
const (
	block    = 256
	heaviest = 16
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, 600, 48, 10*time.Millisecond); err != nil {
		fmt.Fprintln(os.Stderr, "llmbatch:", err)
		os.Exit(1)
	}
}

// run works off so many prompts at a server that holds so many blocks of tokens and
// takes so long for one.
func run(ctx context.Context, out io.Writer, prompts, capacity int, perBlock time.Duration) error {
	model, err := startModel(capacity, perBlock)
	if err != nil {
		return err
	}
	defer model.stop()
	defer model.client.CloseIdleConnections()

	// Min is the heaviest prompt, so that none has to wait for the limit to grow.
	limiter, err := adaptive.New(adaptive.Config{Name: "model", Min: heaviest, Max: 1000})
	if err != nil {
		return err
	}
	p, err := pool.New(limiter, pool.Config{
		Limit: 256, // connections
		Retry: pool.Retry{Attempts: 10, Backoff: 50 * time.Millisecond, Floor: 20},
	})
	if err != nil {
		return err
	}
	defer p.Close()
	kinds := make([]*pool.Pool, heaviest+1) // a view for each weight
	for w := range kinds {
		kinds[w] = p.With(pool.Kind{Name: fmt.Sprintf("%d tokens", w*block), Weight: w})
	}

	start := time.Now()
	var tasks []*pool.Task[int]
	tokens := 0
	for n := range lengths(prompts) {
		tokens += n
		weight := (n + block - 1) / block
		t, err := pool.Submit(ctx, kinds[weight], func(ctx context.Context) (int, error) { return model.complete(ctx, n) })
		if err != nil {
			return err
		}
		tasks = append(tasks, t)
	}
	for late := tasks; len(late) > 0 && ctx.Err() == nil; {
		patience, cancel := context.WithTimeout(ctx, time.Second)
		_, late = pool.WaitAll(patience, late...)
		cancel()
		fmt.Fprintf(out, "%3.0fs: %3d prompts answered; %2d in flight weigh %2d of a limit of %d\n",
			time.Since(start).Seconds(), len(tasks)-len(late), p.Stats().Running, limiter.Stats().InFlight, limiter.Limit())
	}
	answered := 0
	for _, t := range tasks {
		n, err := t.Wait(ctx)
		if err != nil {
			return err
		}
		answered += n
	}
	s, l := p.Stats(), limiter.Stats()
	took := time.Since(start)
	fmt.Fprintf(out, "%d prompts, %d tokens in %v: %.0f tokens/s; 429 %d times, %d attempts, %d held back until a Retry-After\n",
		len(tasks), tokens, took.Round(10*time.Millisecond), float64(tokens)/took.Seconds(),
		l.Ended[adaptive.Refused], s.Attempts, l.Rejected[adaptive.RejectRetryAfter])
	if answered != len(tasks) {
		return fmt.Errorf("%d prompts of %d were answered", answered, len(tasks))
	}
	return nil
}

// lengths are prompts as batches have them: most short, some long.
func lengths(prompts int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		r := rand.New(rand.NewPCG(1, 2))
		for range prompts {
			if !yield(min(1+int(r.ExpFloat64()*700), heaviest*block)) {
				return
			}
		}
	}
}
