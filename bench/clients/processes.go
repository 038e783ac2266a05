package main

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivepgx"
	"github.com/flyball-go/flyball/contrib/adaptiveredis"
	"github.com/flyball-go/flyball/internal/servers"
)

type redisServer struct{ *servers.Process }

func startRedis() (server, error) {
	p, err := servers.Redis()
	return redisServer{p}, err
}

func (s redisServer) stop() { s.Stop() }

func (s redisServer) client(g adaptive.Guard) (client, error) {
	c := redis.NewClient(&redis.Options{Addr: s.Addr, ContextTimeoutEnabled: true, PoolSize: 64})
	if g != nil {
		c.AddHook(adaptiveredis.NewHook(g))
	}
	return client{
		// As a slow script does, it keeps the one thread of Redis from all others.
		work:  func(ctx context.Context) error { return c.Do(ctx, "debug", "sleep", "0.01").Err() },
		idle:  func(ctx context.Context) error { return c.Ping(ctx).Err() },
		close: func() { _ = c.Close() },
	}, nil
}

// postgresServer does one transaction at a time, because all of them begin with the
// same row. Those who wait for a row that is updated look for its new version when
// they wake up, and whoever comes by then may have it first; those who wait for one
// that is only locked are served in turn.
type postgresServer struct {
	*servers.Process
	first string // statement of a transaction
}

func startPostgres(first string) (server, error) {
	p, err := servers.Postgres()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s := postgresServer{p, first}
	pool, err := s.pool(ctx)
	if err == nil {
		_, err = pool.Exec(ctx, "create table hot (n int); insert into hot values (0)")
		pool.Close()
	}
	if err != nil {
		p.Stop()
		return nil, err
	}
	return s, nil
}

func (s postgresServer) stop() { s.Stop() }

func (s postgresServer) pool(ctx context.Context) (*pgxpool.Pool, error) {
	return pgxpool.New(ctx, "postgres://"+servers.PostgresUser+"@"+s.Addr+"/?pool_max_conns=32")
}

func (s postgresServer) client(g adaptive.Guard) (client, error) {
	pool, err := s.pool(context.Background())
	if err != nil {
		return client{}, err
	}
	var db interface {
		Begin(context.Context) (pgx.Tx, error)
		Exec(context.Context, string, ...any) (pgconn.CommandTag, error)
	} = pool
	if g != nil {
		db = adaptivepgx.New(pool, g)
	}
	return client{
		work: func(ctx context.Context) error {
			return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
				_, err := tx.Exec(ctx, s.first)
				if err == nil {
					_, err = tx.Exec(ctx, "select pg_sleep(0.01)") // who else wants the row waits
				}
				return err
			})
		},
		idle: func(ctx context.Context) error {
			_, err := db.Exec(ctx, "select 1")
			return err
		},
		close: pool.Close,
	}, nil
}
