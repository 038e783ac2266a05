package main

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// results is what became of the calls of one client.
type results struct {
	mu                        sync.Mutex
	offered, timedOut, failed int
	latencies                 []time.Duration // of the good answers: complete and in time
	rejected                  int             // by the limiter, without being sent
}

// load sends t's calls at random instants, the same for each client, without
// waiting for answers: callers do not come slower because a server is slow.
func (t trial) load(ctx context.Context, url string, client *http.Client) *results {
	var r results
	var calls sync.WaitGroup
	gaps := rand.New(rand.NewPCG(1, 2))
	start := time.Now()
	for at := time.Duration(0); at < t.length && ctx.Err() == nil; {
		due := start.Add(at) // latencies count from here, not from when this loop gets to it
		select {
		case <-time.After(time.Until(due)):
			calls.Go(func() {
				err := call(ctx, client, url)
				r.count(err, time.Since(due))
			})
		case <-ctx.Done():
		}
		at += time.Duration(gaps.ExpFloat64() * float64(time.Second) / float64(t.rate))
	}
	calls.Wait()
	return &r
}

func call(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

func (r *results) count(err error, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.offered++
	switch {
	case err == nil:
		r.latencies = append(r.latencies, took)
	case errors.Is(err, adaptive.ErrRejected):
		r.rejected++
	case errors.Is(err, context.DeadlineExceeded): // as http.Client.Timeout is
		r.timedOut++
	default:
		r.failed++
	}
}
