package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A kind is a server that does so many calls at a time and keeps the others in line.
// Like most servers it does not notice that a caller has gone: it does the work anyway.
type kind struct {
	name, what string
	places     int // calls at a time; 0 means that the processor is all that is shared
	sheds      int // calls inside beyond which others are refused; 0 means never
	work       func() func()
	load       []string // flags of the load test
}

var (
	usual = []string{"--from", "20", "--factor", "1.3", "--min-step", "1500ms", "--max-step", "4s"}
	// For times that are the machine's as well: more rates to know its noise by, and so many
	// calls at each that p99 is not that of one bad moment.
	fine = []string{"--from", "45", "--factor", "1.15", "--min-step", "4s", "--max-step", "20s", "--max-time", "10m"}
)

var kinds = []*kind{
	{"eight", "8 at a time, 40 ms each", 8, 0, sleeps(40, 40), usual},
	{"thirtytwo", "32 at a time, 80 ms each", 32, 0, sleeps(80, 80), usual},
	{"bimodal", "8 at a time, 20 ms each, one of ten 200 ms", 8, 0, sleeps(20, 200), usual},
	{"sheds", "8 at a time, 40 ms each; answers 503 beyond 40 inside", 8, 40, sleeps(40, 40), usual},
	{"computes", "8 ms of the one processor each", 0, 0, computes, fine},
}

func find(name string) *kind {
	for _, k := range kinds {
		if k.name == name {
			return k
		}
	}
	return nil
}

func names() (all []string) {
	for _, k := range kinds {
		all = append(all, k.name)
	}
	return all
}

// sleeps is a call that takes usual, and one of ten that takes rare, ms.
func sleeps(usual, rare time.Duration) func() func() {
	return func() func() {
		var mu sync.Mutex
		random := rand.New(rand.NewPCG(1, 0))
		return func() {
			mu.Lock()
			d := usual
			if random.IntN(10) == 0 {
				d = rare
			}
			mu.Unlock()
			time.Sleep(d * time.Millisecond)
		}
	}
}

// computes is a call of as much arithmetic as takes 8 ms where nothing else is done:
// work, and not time, which would pass while others have the processor.
func computes() func() {
	const probe = 10_000_000
	best := time.Hour
	for range 5 {
		begun := time.Now()
		spin(probe)
		best = min(best, time.Since(begun))
	}
	rounds := int(probe * float64(8*time.Millisecond) / float64(best))
	return func() { spin(rounds) }
}

func spin(rounds int) {
	x := uint64(1)
	for range rounds {
		x = x*6364136223846793005 + 1442695040888963407
	}
	spun.Store(x)
}

var spun atomic.Uint64

// server is a kind at work.
type server struct {
	*kind
	do          func()
	line        chan struct{} // full, it admits in the order of arrival
	inside      atomic.Int64
	busy, calls atomic.Int64
}

func newServer(k *kind) *server {
	return &server{kind: k, do: k.work(), line: make(chan struct{}, max(1, k.places))}
}

// account is what a server says of the calls that had their turn since it was last
// asked. On a busy machine they take longer than they are meant to.
type account struct {
	Calls int64         `json:"calls"`
	Busy  time.Duration `json:"busy"`
}

func (s *server) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.URL.Path == "/account" {
		_ = json.NewEncoder(w).Encode(account{s.calls.Swap(0), time.Duration(s.busy.Swap(0))})
		return
	}
	defer s.inside.Add(-1)
	if n := s.inside.Add(1); s.sheds > 0 && n > int64(s.sheds) {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if s.places > 0 {
		s.line <- struct{}{}
		defer func() { <-s.line }()
	}
	begun := time.Now()
	s.do()
	s.busy.Add(int64(time.Since(begun)))
	s.calls.Add(1)
}

// serveEnv names the kind that a process of this program is to be.
const serveEnv = "FLYBALL_REAL_SERVER"

// serve is the server's process: on one processor, until its input ends, as it does
// with whoever started it.
func serve(k *kind) {
	runtime.GOMAXPROCS(1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	s := newServer(k)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Println(listener.Addr())
	panic(http.Serve(listener, s)) //nolint:gosec // on loopback, for minutes
}
