package pool_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/pool"
)

func workers(n int) *pool.Pool {
	lim, err := adaptive.New(adaptive.Config{Law: fmt.Sprintf("fixed:%d", n), Initial: n})
	if err != nil {
		panic(err)
	}
	p, err := pool.New(lim, pool.Config{})
	if err != nil {
		panic(err)
	}
	return p
}

// What asyncio.gather, or errgroup with a slice of results, is used for.
func Example_gather() {
	ctx := context.Background()
	p := workers(4)
	lengths, err := pool.Map(ctx, p, slices.Values([]string{"one", "three", "seven"}),
		func(_ context.Context, s string) (int, error) { return len(s), nil })
	fmt.Println(lengths, err)
	// Output: [3 5 5] <nil>
}

// What a weighted semaphore or a channel of tokens around go statements is used
// for: no more than so many at once, wait for all at the end.
func Example_semaphore() {
	ctx := context.Background()
	p := workers(2)
	start := time.Now()
	for range 6 {
		err := p.Go(ctx, func(context.Context) error {
			time.Sleep(10 * time.Millisecond)
			return nil
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	lost, err := p.Shutdown(ctx)
	fmt.Println(lost, err, time.Since(start) >= 30*time.Millisecond)
	// Output: {0 0} <nil> true
}

// What asyncio.TaskGroup, a nursery or errgroup is used for: the first error
// cancels the others, and none is left behind.
func Example_taskGroup() {
	p := workers(4)
	err := p.Group(context.Background(), func(_ context.Context, g *pool.Group) error {
		g.Go(func(ctx context.Context) error {
			<-ctx.Done()
			fmt.Println("cancelled because of:", context.Cause(ctx))
			return ctx.Err()
		})
		g.Go(func(context.Context) error { return errors.New("no such user") })
		return nil
	})
	fmt.Println(err)
	// Output:
	// cancelled because of: no such user
	// no such user
}

// What a future is used for: one result, asked for later.
func ExampleSubmit() {
	ctx := context.Background()
	p := workers(1)
	task, err := pool.Submit(ctx, p, func(context.Context) (string, error) { return "hello", nil })
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(task.Wait(ctx))
	// Output: hello <nil>
}
