package simtest

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// RoundTripper answers requests as the downstream does: 200 if it served, 500 if
// it failed, 503 if it refused, or 429 with Retry-After if it said how long to
// hold back. The URL, the method and the body of a request do not matter. A
// request whose context ends has its cause as error.
func (d *Downstream) RoundTripper() http.RoundTripper { return roundTripper{d} }

type roundTripper struct{ d *Downstream }

func (rt roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	res, err := rt.d.call(req.Context())
	if err != nil {
		return nil, err
	}
	code := status(res)
	text := http.StatusText(code) + "\n"
	resp := &http.Response{
		StatusCode: code, Status: strconv.Itoa(code) + " " + http.StatusText(code),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: io.NopCloser(strings.NewReader(text)), ContentLength: int64(len(text)), Request: req,
	}
	setRetryAfter(resp.Header, res)
	return resp, nil
}

func status(res adaptive.Result) int {
	switch {
	case res.Outcome == adaptive.Failure:
		return http.StatusInternalServerError
	case res.Outcome == adaptive.Refused && res.RetryAfter > 0:
		return http.StatusTooManyRequests
	case res.Outcome == adaptive.Refused:
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

// setRetryAfter rounds up: the header knows whole seconds, and less would be too
// early.
func setRetryAfter(h http.Header, res adaptive.Result) {
	if res.RetryAfter > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64((res.RetryAfter+time.Second-1)/time.Second), 10))
	}
}

// server is net/http's, behind pipes in memory.
type server struct {
	http   http.Server
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	done   chan struct{}
}

func serve(d *Downstream) *server {
	s := &server{conns: make(chan net.Conn), closed: make(chan struct{}), done: make(chan struct{})}
	s.http.Handler = handler{d}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(s) // ends with close
	}()
	return s
}

func (s *server) close() {
	_ = s.http.Close() // of pipes; they do not fail
	<-s.done
}

type handler struct{ d *Downstream }

func (h handler) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	// A server that has not read the body does not notice that its client left.
	_, _ = io.Copy(io.Discard, req.Body)
	res, err := h.d.call(req.Context())
	if err != nil {
		panic(http.ErrAbortHandler) // nobody listens
	}
	setRetryAfter(w.Header(), res)
	w.WriteHeader(status(res))
	_, _ = io.WriteString(w, http.StatusText(status(res))+"\n")
}

func (s *server) dial(ctx context.Context) (net.Conn, error) {
	client, end := net.Pipe()
	select {
	case s.conns <- end:
		return client, nil
	case <-s.closed:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Accept implements net.Listener.
func (s *server) Accept() (net.Conn, error) {
	select {
	case c := <-s.conns:
		return c, nil
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (s *server) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

// Addr implements net.Listener.
func (s *server) Addr() net.Addr { return address{} }

type address struct{}

func (address) Network() string { return "memory" }
func (address) String() string  { return "simtest" }
