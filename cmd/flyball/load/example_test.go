package load_test

import (
	"context"
	"fmt"
	"time"

	"github.com/flyball-go/flyball/cmd/flyball/load"
)

// What is called need not speak HTTP: a function is a target. This one is a service with
// four workers that take 5 ms, and so with a knee near 800 calls a second. It takes a
// quarter of a minute.
func ExampleFinder() {
	workers := make(chan struct{}, 4)
	target := func(ctx context.Context) error {
		select {
		case workers <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		defer func() { <-workers }()
		time.Sleep(5 * time.Millisecond)
		return nil
	}

	plan := load.DefaultPlan()
	plan.From, plan.MaxRate = 100, 5000
	plan.Min, plan.Max = 500*time.Millisecond, 2*time.Second
	if err := plan.Validate(); err != nil {
		fmt.Println(err)
		return
	}
	generator := load.Generator{Target: target, InFlight: plan.InFlight, Timeout: plan.Timeout, GiveUp: plan.GiveUp}
	finder := load.Finder{
		Plan: plan, Hold: generator.Hold,
		Told: func(s load.Step) { fmt.Printf("%.0f calls/s: p99 %v, kept up: %v\n", s.Rate, s.Response.P99, s.Passed) },
	}
	found, err := finder.Find(context.Background())
	switch {
	case err != nil:
		fmt.Println("cut short:", err)
	case found.Knee == nil:
		fmt.Println("no knee:", found.Stopped, found.Detail)
	default:
		fmt.Printf("knee at %.0f calls/s, p99 %v\n", found.Knee.Rate, found.Knee.P99)
	}
}
