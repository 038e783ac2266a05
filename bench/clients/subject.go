package main

import (
	"context"
	"errors"

	"github.com/flyball-go/flyball/adaptive"
)

// subject is a kind of client and the server that it is tried with.
type subject struct {
	name  string
	what  string                 // of which the server can do so much
	start func() (server, error) // starts a fresh server
}

var subjects = []subject{
	{"http", "8 workers, 20 ms a request", func() (server, error) { return startHTTP(false) }},
	{"http2", "8 workers, 20 ms a request", func() (server, error) { return startHTTP(true) }},
	{"grpc", "8 workers, 20 ms a call", startGRPC},
	{"redis", "one thread, 10 ms a command", startRedis},
	{"pgx", "one hot row, 10 ms a transaction", func() (server, error) { return startPostgres("update hot set n = n + 1") }},
	{"pgx-lock", "one row lock, 10 ms a transaction", func() (server, error) { return startPostgres("select from hot for update") }},
}

// server is one that runs.
type server interface {
	// client returns a client, behind g unless it is nil.
	client(g adaptive.Guard) (client, error)
	stop()
}

// client is how a kind of client makes its calls.
type client struct {
	work  func(context.Context) error // one that takes its share of the server
	idle  func(context.Context) error // the cheapest that there is
	close func()
}

func names() (all []string) {
	for _, s := range subjects {
		all = append(all, s.name)
	}
	return all
}

func find(name string) *subject {
	for i := range subjects {
		if subjects[i].name == name {
			return &subjects[i]
		}
	}
	return nil
}

// try puts a kind of client through both trials.
func (s subject) try(ctx context.Context, p plan) (l overload, c overhead, err error) {
	srv, err := s.start()
	if err != nil {
		return l, c, err
	}
	defer srv.stop()
	free, err := adaptive.New(adaptive.Config{Name: s.name})
	if err != nil {
		return l, c, err
	}
	c, err = measureOverhead(ctx, p, srv.client, free)
	if err != nil {
		return l, c, err
	}
	plain, err := srv.client(nil)
	if err != nil {
		return l, c, err
	}
	defer plain.close()
	c.name = s.name
	l, err = measureOverload(ctx, p, plain.work, func(law string) (trial, error) {
		limiter, err := adaptive.New(adaptive.Config{Name: s.name, Law: law, Initial: p.initial, Queue: p.queue})
		if err != nil {
			return trial{}, err
		}
		limited, err := srv.client(limiter)
		return trial{limited, limiter}, err
	})
	l.name, l.what = s.name, s.what
	return l, c, errors.Join(err, context.Cause(ctx))
}
