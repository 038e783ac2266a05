package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// model is a server that holds so many blocks of tokens at a time, as the cache of
// a language model does. A request is served at once, or refused.
type model struct {
	url      string
	capacity int
	perBlock time.Duration
	client   *http.Client
	http     http.Server
	ended    chan struct{}

	mu   sync.Mutex
	held int
}

func startModel(capacity int, perBlock time.Duration) (*model, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m := &model{
		url: "http://" + listener.Addr().String() + "/?tokens=", capacity: capacity, perBlock: perBlock,
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}},
		ended:  make(chan struct{}),
	}
	m.http.Handler = m
	go func() {
		defer close(m.ended)
		_ = m.http.Serve(listener) // ends with stop
	}()
	return m, nil
}

func (m *model) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tokens, err := strconv.Atoi(r.FormValue("tokens"))
	if err != nil || tokens < 1 {
		http.Error(w, "tokens: must be a positive number", http.StatusBadRequest)
		return
	}
	blocks := (tokens + block - 1) / block
	if !m.hold(blocks) {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too many tokens in flight", http.StatusTooManyRequests)
		return
	}
	defer m.release(blocks)
	time.Sleep(time.Duration(blocks) * m.perBlock)
	fmt.Fprintln(w, "an answer")
}

func (m *model) hold(blocks int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held+blocks > m.capacity {
		return false
	}
	m.held += blocks
	return true
}

func (m *model) release(blocks int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held -= blocks
}

func (m *model) stop() {
	_ = m.http.Close()
	<-m.ended
}

// complete sends a prompt of so many tokens and returns the number of answers.
func (m *model) complete(ctx context.Context, tokens int) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.url+strconv.Itoa(tokens), nil)
	if err != nil {
		return 0, err
	}
	resp, err := m.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0, err
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return 1, nil
	case http.StatusTooManyRequests:
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return 0, adaptive.Refuse(fmt.Errorf("model: %s", resp.Status), time.Duration(seconds)*time.Second)
	}
	return 0, fmt.Errorf("model: %s", resp.Status)
}
