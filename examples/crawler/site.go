package main

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// phase is how many pages the server makes at a time, from so many served on.
type phase struct{ from, workers int }

// site is a server of pages that link to each other: page n to 3n+1 … 3n+3 and
// back to n/3. It makes so many at a time and keeps the other requests in line.
type site struct {
	url      string
	pages    int
	service  time.Duration
	onChange func(ended phase, took time.Duration, served int)
	http     http.Server
	ended    chan struct{}

	mu     sync.Mutex
	free   *sync.Cond
	phases []phase // the first is the present one
	since  time.Time
	served int
	busy   int
	closed bool
}

func startSite(pages int, service time.Duration, phases []phase) (*site, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &site{
		url: "http://" + listener.Addr().String(), pages: pages, service: service,
		phases: phases, since: time.Now(), ended: make(chan struct{}),
	}
	s.free = sync.NewCond(&s.mu)
	s.http.Handler = s
	go func() {
		defer close(s.ended)
		_ = s.http.Serve(listener) // ends with stop
	}()
	return s, nil
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
	if err != nil || n < 0 || n >= s.pages {
		http.NotFound(w, r)
		return
	}
	if !s.begin() {
		return
	}
	time.Sleep(s.service)
	s.end()
	fmt.Fprintf(w, `<a href="/%d">up</a>`, n/3)
	for l := 3*n + 1; l <= 3*n+3 && l < s.pages; l++ {
		fmt.Fprintf(w, `<a href="/%d">%d</a>`, l, l)
	}
}

func (s *site) begin() (ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.busy >= s.phases[0].workers && !s.closed {
		s.free.Wait()
	}
	s.busy++
	return !s.closed
}

func (s *site) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy--
	s.served++
	if len(s.phases) > 1 && s.served == s.phases[1].from {
		s.report()
		s.phases = s.phases[1:]
		s.free.Broadcast()
	}
	s.free.Signal()
}

// report tells how the present phase went. The lock is held.
func (s *site) report() {
	s.onChange(s.phases[0], time.Since(s.since), s.served-s.phases[0].from)
	s.since = time.Now()
}

// done reports the last phase.
func (s *site) done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.report()
}

// stop drops who is in line and ends the server.
func (s *site) stop() {
	s.mu.Lock()
	s.closed = true
	s.free.Broadcast()
	s.mu.Unlock()
	_ = s.http.Close()
	<-s.ended
}
