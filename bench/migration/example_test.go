// Package migration has the code of docs/migration.md, before and after. A test of
// internal/arch holds the guide to it.
package migration_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/adaptivelimiter"
	"github.com/platinummonkey/go-concurrency-limits/core"
	"github.com/platinummonkey/go-concurrency-limits/limit"
	"github.com/platinummonkey/go-concurrency-limits/limiter"
	"github.com/platinummonkey/go-concurrency-limits/strategy"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/semaphore"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/adaptive/corelimit"
	"github.com/flyball-go/flyball/breaker"
	"github.com/flyball-go/flyball/contrib/adaptivehttp"
)

type user struct{ name string }

// fetch stands for a call to a downstream.
func fetch(_ context.Context, id int) (user, error) { return user{fmt.Sprint("user ", id)}, nil }

func Example_semaphoreBefore() {
	sem := semaphore.NewWeighted(20)
	load := func(ctx context.Context, id int) (user, error) {
		if err := sem.Acquire(ctx, 1); err != nil {
			return user{}, err
		}
		defer sem.Release(1)
		return fetch(ctx, id)
	}
	fmt.Println(load(context.Background(), 7))
	// Output: {user 7} <nil>
}

func Example_semaphore() {
	users, err := adaptive.New(adaptive.Config{Name: "users", Initial: 20})
	if err != nil {
		panic(err)
	}
	load := adaptive.Wrap(users, fetch)
	fmt.Println(load(context.Background(), 7))
	// Output: {user 7} <nil>
}

// The first step may be one that changes nothing: the same fixed number, with
// numbers to look at.
func Example_semaphoreFixed() {
	users, err := adaptive.New(adaptive.Config{Name: "users", Law: "fixed:20"})
	if err != nil {
		panic(err)
	}
	fmt.Println(users.Limit())
	// Output: 20
}

// The second, one that rejects nobody and counts who would have been.
func Example_trial() {
	users, err := adaptive.New(adaptive.Config{Name: "users", Observe: true})
	if err != nil {
		panic(err)
	}
	fmt.Println(users.Stats().WouldReject[adaptive.RejectQueueFull])
	// Output: 0
}

func Example_concurrencyLimitsBefore() {
	vegas := limit.NewDefaultVegasLimit("users", limit.NoopLimitLogger{}, core.EmptyMetricRegistryInstance)
	users, err := limiter.NewDefaultLimiter(vegas, 1e9, 1e9, 1e5, 100,
		strategy.NewSimpleStrategy(20), limit.NoopLimitLogger{}, core.EmptyMetricRegistryInstance)
	if err != nil {
		panic(err)
	}
	load := func(ctx context.Context, id int) (user, error) {
		token, ok := users.Acquire(ctx)
		if !ok {
			return user{}, errors.New("limit exceeded")
		}
		u, err := fetch(ctx, id)
		switch {
		case err == nil:
			token.OnSuccess()
		case errors.Is(err, context.DeadlineExceeded):
			token.OnDropped()
		default:
			token.OnIgnore()
		}
		return u, err
	}
	fmt.Println(load(context.Background(), 7))
	// Output: {user 7} <nil>
}

// The same law behind the same window; another one is another line.
func Example_concurrencyLimits() {
	users, err := adaptive.NewWith(
		adaptive.Config{Name: "users", Queue: -1}, // their DefaultLimiter lets nobody wait
		adaptive.Parts{Law: corelimit.VegasWindowed},
	)
	if err != nil {
		panic(err)
	}
	load := adaptive.Wrap(users, fetch)
	fmt.Println(load(context.Background(), 7))
	// Output: {user 7} <nil>
}

// Where the three callbacks are far from the call, a permit takes their place.
func Example_concurrencyLimitsPermit() {
	users, err := adaptive.New(adaptive.Config{Name: "users"})
	if err != nil {
		panic(err)
	}
	permit, err := users.Acquire(context.Background())
	if err != nil {
		panic(err)
	}
	defer permit.Release()        // after a panic or an early return
	permit.Done(adaptive.Success) // OnSuccess; TimedOut or Refused: OnDropped; Ignored: OnIgnore
	fmt.Println(users.Stats().Ended[adaptive.Success])
	// Output: 1
}

func Example_gobreakerBefore() {
	users := gobreaker.NewCircuitBreaker[user](gobreaker.Settings{
		Name: "users", MaxRequests: 3, Interval: 10 * time.Second, Timeout: time.Second,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= 5 },
	})
	load := func(ctx context.Context, id int) (user, error) {
		return users.Execute(func() (user, error) { return fetch(ctx, id) })
	}
	fmt.Println(load(context.Background(), 7))
	// Output: {user 7} <nil>
}

// The first step keeps the breaker there is and puts a limiter behind it.
func Example_gobreakerWrap() {
	limit, err := adaptive.New(adaptive.Config{Name: "users"})
	if err != nil {
		panic(err)
	}
	users := breaker.Wrap(limit, gobreaker.NewTwoStepCircuitBreaker[user](gobreaker.Settings{
		Name: "users", IsExcluded: breaker.Excluded,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= 5 },
	}))
	load := adaptive.Wrap(users, fetch)
	fmt.Println(load(context.Background(), 7))
	// Output: {user 7} <nil>
}

// The second has a breaker that is coupled with the limiter.
func Example_gobreaker() {
	limit, err := adaptive.New(adaptive.Config{Name: "users"})
	if err != nil {
		panic(err)
	}
	users, err := breaker.New(limit, breaker.Config{
		Window: 10 * time.Second, Consecutive: 5, Open: breaker.Backoff{Base: time.Second, Max: time.Minute},
	})
	if err != nil {
		panic(err)
	}
	load := adaptive.Wrap(users, fetch)
	fmt.Println(load(context.Background(), 7))
	// Output: {user 7} <nil>
}

func Example_failsafeBefore() {
	users := failsafe.With(adaptivelimiter.NewBuilder[user]().WithLimits(1, 200, 20).Build())
	load := func(ctx context.Context, id int) (user, error) {
		return users.WithContext(ctx).GetWithExecution(func(e failsafe.Execution[user]) (user, error) {
			return fetch(e.Context(), id)
		})
	}
	fmt.Println(load(context.Background(), 7))
	// Output: {user 7} <nil>
}

func Example_failsafe() {
	users, err := adaptive.New(adaptive.Config{Name: "users", Min: 1, Max: 200, Initial: 20, Queue: -1})
	if err != nil {
		panic(err)
	}
	load := adaptive.Wrap(users, fetch)
	fmt.Println(load(context.Background(), 7))
	// Output: {user 7} <nil>
}

func Example_http() {
	users, err := adaptive.New(adaptive.Config{Name: "users"})
	if err != nil {
		panic(err)
	}
	client := &http.Client{Transport: adaptivehttp.NewTransport(users, nil), Timeout: 2 * time.Second}
	_ = client
}
