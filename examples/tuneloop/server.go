package main

import (
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// server does so many requests at a time and keeps the others in line. Like most
// servers it does not notice that a caller has gone: it does the work anyway.
type server struct {
	url     string
	http    http.Server
	workers chan struct{} // a full channel admits in the order of arrival
	service time.Duration // on average; from half of it to half as much again
	stopped chan struct{}
	served  chan struct{}

	mu     sync.Mutex
	random *rand.Rand

	busy, calls atomic.Int64 // a machine with much to do makes a service longer than it is meant to be
}

func startServer(workers int, service time.Duration) (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{
		url:     "http://" + listener.Addr().String() + "/",
		workers: make(chan struct{}, workers), service: service, random: rand.New(rand.NewPCG(1, 2)),
		stopped: make(chan struct{}), served: make(chan struct{}),
	}
	s.http.Handler = s
	go func() {
		defer close(s.served)
		_ = s.http.Serve(listener) // ends with stop
	}()
	return s, nil
}

func (s *server) ServeHTTP(http.ResponseWriter, *http.Request) {
	select {
	case s.workers <- struct{}{}:
	case <-s.stopped:
		return
	}
	defer func() { <-s.workers }()
	s.mu.Lock()
	d := s.service/2 + time.Duration(s.random.Int64N(int64(s.service)))
	s.mu.Unlock()
	begun := time.Now()
	select {
	case <-time.After(d):
	case <-s.stopped:
	}
	s.busy.Add(int64(time.Since(begun)))
	s.calls.Add(1)
}

// truth is what nobody but the server knows: how long a request took that had a
// worker, and how many a second it can do.
func (s *server) truth() (service time.Duration, capacity float64) {
	service = time.Duration(s.busy.Load() / max(1, s.calls.Load()))
	return service, float64(cap(s.workers)) / service.Seconds()
}

// stop drops what is in line and ends the server.
func (s *server) stop() {
	close(s.stopped)
	_ = s.http.Close()
	<-s.served
}
