package adaptivehttp_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivehttp"
	"github.com/flyball-go/flyball/internal/clienttest"
)

// A body is sent again from GetBody by whoever sends again: http.Client for a
// redirect, net/http for a connection that was closed while it was idle, a
// retrying RoundTripper in front. The Transport must stand in nobody's way.

func TestRedirectReplaysTheBody(t *testing.T) {
	both(t, func(rw http.ResponseWriter, r *http.Request) {
		got, _ := io.ReadAll(r.Body)
		if string(got) != "data" {
			rw.WriteHeader(http.StatusBadRequest)
		} else if r.URL.Path != "/end" {
			http.Redirect(rw, r, "/end", http.StatusTemporaryRedirect)
		}
	}, func(t *testing.T, url string, client *http.Client, w clienttest.Witness) {
		resp, err := client.Post(url, "text/plain", strings.NewReader("data"))
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.NoError(t, resp.Body.Close())
		w.Ended(t, adaptive.Success)
		w.Now(t, adaptive.Success)
	})
}

func TestIdleConnectionThatDiedIsReplacedInsideOnePermit(t *testing.T) {
	var conns []net.Conn
	var bodies atomic.Int32
	srv := serve(t, "HTTP/1.1", func(_ http.ResponseWriter, r *http.Request) {
		got, _ := io.ReadAll(r.Body)
		if string(got) == "data" {
			bodies.Add(1)
		}
	})
	base := srv.Client().Transport.(*http.Transport)
	base.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err == nil {
			c = &dying{Conn: c}
			conns = append(conns, c)
		}
		return c, err
	}
	w := clienttest.NewWitness(t, adaptive.Config{})
	client := &http.Client{Transport: adaptivehttp.NewTransport(w, base)}
	for i := range 2 {
		// A PUT is idempotent, so net/http may send it again.
		req := request(t, t.Context(), http.MethodPut, srv.URL, bytes.NewReader([]byte("data")))
		reused := false
		req = req.WithContext(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			GotConn: func(info httptrace.GotConnInfo) { reused = reused || info.Reused }}))
		resp, err := client.Do(req)
		require.NoError(t, err)
		_, err = io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		w.Now(t, adaptive.Success)
		require.Equal(t, i == 1, reused)
		conns[0].(*dying).dead.Store(true)
	}
	require.Len(t, conns, 2)
	require.EqualValues(t, 2, bodies.Load())
}

// dying is a connection that fails to write once it is dead.
type dying struct {
	net.Conn
	dead atomic.Bool
}

func (d *dying) Write(p []byte) (int, error) {
	if d.dead.Load() {
		return 0, net.ErrClosed
	}
	return d.Conn.Write(p)
}

// retrying sends again what was refused, as retry libraries do.
type retrying struct{ next http.RoundTripper }

func (r retrying) RoundTrip(req *http.Request) (*http.Response, error) {
	for {
		resp, err := r.next.RoundTrip(req)
		if err != nil || resp.StatusCode != http.StatusServiceUnavailable {
			return resp, err
		}
		_ = resp.Body.Close()
		again := req.Clone(req.Context())
		if again.Body, err = req.GetBody(); err != nil {
			return nil, err
		}
		req = again
	}
}

func TestEachRetryIsACallWithAFreshBody(t *testing.T) {
	var tries atomic.Int32
	both(t, func(rw http.ResponseWriter, r *http.Request) {
		got, _ := io.ReadAll(r.Body)
		if string(got) != "data" {
			rw.WriteHeader(http.StatusBadRequest)
		} else if tries.Add(1)%3 != 0 {
			rw.WriteHeader(http.StatusServiceUnavailable)
		}
	}, func(t *testing.T, url string, client *http.Client, w clienttest.Witness) {
		client.Transport = retrying{client.Transport}
		resp, err := client.Post(url, "text/plain", strings.NewReader("data"))
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.NoError(t, resp.Body.Close())
		w.Ended(t, adaptive.Refused)
		w.Ended(t, adaptive.Refused)
		w.Now(t, adaptive.Success)
	})
}

func TestRoundTripMayEndAtTheHeadersAndThePermitNot(t *testing.T) {
	const read = 50 * time.Millisecond
	both(t, hang, func(t *testing.T, url string, client *http.Client, w clienttest.Witness) {
		client.Transport.(*adaptivehttp.Transport).ToHeaders = true
		resp := get(t, t.Context(), client, url)
		time.Sleep(read) // a reader who takes his time
		w.Held(t)
		require.NoError(t, resp.Body.Close())
		r := w.End(t)
		require.Equal(t, adaptive.Success, r.Outcome)
		require.Positive(t, r.Took)
		w.Idle(t)
	})
}

func TestRoundTripToTheHeadersIsThatOfTheBase(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{})
	rt := adaptivehttp.NewTransport(w, tripper(func(*http.Request) (*http.Response, error) {
		time.Sleep(2 * time.Millisecond)
		return &http.Response{StatusCode: http.StatusOK, Body: plain{strings.NewReader("data")}}, nil
	}))
	rt.ToHeaders = true
	begun := time.Now()
	resp, err := rt.RoundTrip(request(t, t.Context(), http.MethodGet, "http://downstream", nil))
	most := time.Since(begun)
	require.NoError(t, err)
	time.Sleep(2 * time.Millisecond)
	require.NoError(t, resp.Body.Close())
	took := w.End(t).Took
	require.GreaterOrEqual(t, took, 2*time.Millisecond)
	require.LessOrEqual(t, took, most)
}
