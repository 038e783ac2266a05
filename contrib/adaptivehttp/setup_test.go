package adaptivehttp_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivehttp"
	"github.com/flyball-go/flyball/internal/clienttest"
)

func TestMain(m *testing.M) { clienttest.Main(m) }

// protocols are what net/http speaks; h2c is HTTP/2 without TLS.
var protocols = []string{"HTTP/1.1", "HTTP/2.0", "h2c"}

// both runs f with a real server of each protocol, and a client of it that goes
// through w.
func both(t *testing.T, h http.HandlerFunc, f func(t *testing.T, url string, client *http.Client, w clienttest.Witness)) {
	for _, proto := range protocols {
		t.Run(proto, func(t *testing.T) {
			w := clienttest.NewWitness(t, adaptive.Config{})
			srv := serve(t, proto, h)
			client := &http.Client{Transport: adaptivehttp.NewTransport(w, srv.Client().Transport)}
			f(t, srv.URL, client, w)
		})
	}
}

func serve(t *testing.T, proto string, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if (r.ProtoMajor == 2) == (proto == "HTTP/1.1") {
			rw.WriteHeader(http.StatusHTTPVersionNotSupported) // the test would not test what it says
			return
		}
		h(rw, r)
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that fail on purpose
	switch proto {
	case "HTTP/2.0":
		srv.EnableHTTP2 = true
		srv.StartTLS()
	case "h2c":
		srv.Config.Protocols = h2c()
		srv.Start()
		srv.Client().Transport.(*http.Transport).Protocols = h2c()
	default:
		srv.Start()
	}
	t.Cleanup(func() {
		srv.Client().CloseIdleConnections()
		srv.Close()
	})
	return srv
}

func h2c() *http.Protocols {
	var p http.Protocols
	p.SetUnencryptedHTTP2(true)
	return &p
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
