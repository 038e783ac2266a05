package breaker_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/breaker"
)

func Example() {
	lim, err := adaptive.New(adaptive.Config{Name: "users", Min: 2, Max: 200})
	if err != nil {
		fmt.Println(err)
		return
	}
	users, err := breaker.NewWith(lim, breaker.Config{
		Rate: 0.5, MinVolume: 4, Window: 10 * time.Second,
		Open: breaker.Backoff{Base: time.Second, Factor: 2, Max: time.Minute},
	}, breaker.Parts{OnStateChange: func(c breaker.Change) { fmt.Println(c.From, "→", c.To, "because", c.Why) }})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 5 {
		err = adaptive.Do(context.Background(), users, func(context.Context) error {
			return errors.New("connection refused")
		})
		fmt.Println(err)
	}
	fmt.Println("never sent:", errors.Is(err, adaptive.ErrRejected), errors.Is(err, gobreaker.ErrOpenState))
	// Output:
	// connection refused
	// connection refused
	// connection refused
	// closed → open because 4 of 4 results in 10s failed, a share of 0.5 trips
	// connection refused
	// adaptive: users: rejected: breaker open
	// never sent: true true
}
