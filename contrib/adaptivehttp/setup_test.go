package adaptivehttp_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivehttp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds waiting for something that must happen.
const patience = 10 * time.Second

// witness is a guard that tells how each of its calls ended.
type witness struct {
	*adaptive.Limiter
	ends chan adaptive.Result
}

func newWitness(t *testing.T, c adaptive.Config) witness {
	t.Helper()
	if c.Law == "" {
		c.Law = "fixed:1"
	}
	lim, err := adaptive.New(c)
	require.NoError(t, err)
	return witness{lim, make(chan adaptive.Result, 1024)}
}

func (w witness) Acquire(ctx context.Context) (adaptive.Permit, error) {
	p, err := w.Limiter.Acquire(ctx)
	return p.Via(w), err
}

func (w witness) Settle(e adaptive.End) { w.ends <- e.Result }

// held asserts that the call is in flight.
func (w witness) held(t *testing.T) {
	t.Helper()
	require.Equal(t, 1, w.Stats().InFlight, "the permit lives as long as the body")
	require.Empty(t, w.ends)
}

// ended asserts that a call ends with the outcome o, soon.
func (w witness) ended(t *testing.T, o adaptive.Outcome) {
	t.Helper()
	require.Equal(t, o, w.end(t).Outcome)
}

func (w witness) end(t *testing.T) adaptive.Result {
	t.Helper()
	select {
	case r := <-w.ends:
		return r
	case <-time.After(patience):
		require.FailNow(t, "the call never ended")
		return adaptive.Result{}
	}
}

// now asserts that a call has ended already.
func (w witness) now(t *testing.T, o adaptive.Outcome) {
	t.Helper()
	require.NotEmpty(t, w.ends, "the call has ended")
	require.Equal(t, o, (<-w.ends).Outcome)
	require.Zero(t, w.Stats().InFlight)
	require.Zero(t, w.Stats().LateEnds, "each call ends once")
}

// both runs f with a real server of each protocol, and a client of it that goes
// through w.
func both(t *testing.T, h http.HandlerFunc, f func(t *testing.T, url string, client *http.Client, w witness)) {
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(proto, func(t *testing.T) {
			w := newWitness(t, adaptive.Config{})
			srv := serve(t, proto, h)
			client := &http.Client{Transport: adaptivehttp.NewTransport(w, srv.Client().Transport)}
			f(t, srv.URL, client, w)
		})
	}
}

func serve(t *testing.T, proto string, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Proto != proto {
			rw.WriteHeader(http.StatusHTTPVersionNotSupported) // the test would not test what it says
			return
		}
		h(rw, r)
	}))
	if proto == "HTTP/2.0" {
		srv.EnableHTTP2 = true
		srv.StartTLS()
	} else {
		srv.Start()
	}
	t.Cleanup(func() {
		srv.Client().CloseIdleConnections()
		srv.Close()
	})
	return srv
}

// hang answers with a first byte and then says no more while the client stays.
func hang(rw http.ResponseWriter, r *http.Request) {
	first(rw)
	<-r.Context().Done()
}

func first(rw http.ResponseWriter) {
	_, _ = io.WriteString(rw, "x")
	_ = http.NewResponseController(rw).Flush()
}

// get sends a request and reads the first byte of the answer.
func get(t *testing.T, ctx context.Context, client *http.Client, url string) *http.Response {
	t.Helper()
	resp, err := client.Do(request(t, ctx, http.MethodGet, url, nil))
	require.NoError(t, err)
	_, err = io.ReadFull(resp.Body, make([]byte, 1))
	require.NoError(t, err)
	return resp
}

func request(t *testing.T, ctx context.Context, method, url string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	require.NoError(t, err)
	return req
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// upload is a request body that knows whether it was closed.
type upload struct {
	io.Reader
	closed atomic.Bool
}

func (u *upload) Close() error {
	u.closed.Store(true)
	return nil
}
