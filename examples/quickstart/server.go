package main

import (
	"io"
	"net"
	"net/http"
	"time"
)

// server does so many requests at a time and keeps the others in line. Like most
// servers it does not notice that a caller has gone: it does the work anyway.
type server struct {
	url     string
	http    http.Server
	workers chan struct{} // a full channel admits in the order of arrival
	service time.Duration
	stopped chan struct{}
	served  chan struct{}
}

func startServer(workers int, service time.Duration) (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{
		url:     "http://" + listener.Addr().String(),
		workers: make(chan struct{}, workers), service: service,
		stopped: make(chan struct{}), served: make(chan struct{}),
	}
	s.http.Handler = s
	go func() {
		defer close(s.served)
		_ = s.http.Serve(listener) // ends with stop
	}()
	return s, nil
}

func (s *server) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	select {
	case s.workers <- struct{}{}:
	case <-s.stopped:
		return
	}
	defer func() { <-s.workers }()
	select {
	case <-time.After(s.service):
		_, _ = io.WriteString(w, "done\n")
	case <-s.stopped:
	}
}

// stop drops what is in line and ends the server.
func (s *server) stop() {
	close(s.stopped)
	_ = s.http.Close()
	<-s.served
}
