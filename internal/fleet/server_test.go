//go:build !race

package fleet

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	places = 64 // calls that are worked on at a time
	took   = 80 * time.Millisecond
)

// A server works on so many calls at a time, and keeps the others in line, in order.
// It notes who called.
type server struct {
	busy     chan struct{} // a full channel admits in the order of arrival
	inFlight atomic.Int64  // in work and in line

	mu     sync.Mutex
	served map[string]float64 // by client
}

func newServer() *server {
	return &server{busy: make(chan struct{}, places), served: map[string]float64{}}
}

func (s *server) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	s.inFlight.Add(1)
	defer s.inFlight.Add(-1)
	s.busy <- struct{}{}
	time.Sleep(took)
	<-s.busy
	s.mu.Lock()
	defer s.mu.Unlock()
	s.served[r.URL.Path]++
}

// watch is what each client is served in the time d, and the mean in flight.
func (s *server) watch(d time.Duration) (served map[string]float64, inFlight float64) {
	s.mu.Lock()
	s.served = map[string]float64{}
	s.mu.Unlock()
	samples := 0.0
	for begun := time.Now(); time.Since(begun) < d; samples++ {
		time.Sleep(5 * time.Millisecond)
		inFlight += float64(s.inFlight.Load())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	served, s.served = s.served, map[string]float64{} // calls go on
	return served, inFlight / samples
}
