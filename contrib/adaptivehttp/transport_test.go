package adaptivehttp_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	neturl "net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivehttp"
	"github.com/flyball-go/flyball/internal/clienttest"
)

func TestRejectionIsFoundThroughTheClientsErrorAndNothingIsSent(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{Name: "stock", Queue: -1})
	var sent atomic.Int32
	client := &http.Client{Transport: adaptivehttp.NewTransport(w, tripper(func(*http.Request) (*http.Response, error) {
		sent.Add(1)
		return &http.Response{StatusCode: http.StatusOK, Body: plain{iotaReader{}}}, nil
	}))}
	resp, err := client.Get("http://downstream")
	require.NoError(t, err)

	for range 19 { // one body is open, and the limit is 1
		body := &upload{Reader: strings.NewReader("data")}
		_, err := client.Post("http://downstream", "text/plain", body)
		require.ErrorIs(t, err, adaptive.ErrRejected)
		var outer *neturl.Error
		require.ErrorAs(t, err, &outer)
		require.Same(t, w.Rejection(adaptive.RejectLimit), outer.Err, "the guard's own error")
		require.True(t, body.closed.Load(), "RoundTripper closes the body of what it does not send")
	}
	require.EqualValues(t, 1, sent.Load())
	require.NoError(t, resp.Body.Close())
	w.Now(t, adaptive.Success)
	resp, err = client.Get("http://downstream")
	require.NoError(t, err, "the place is free again")
	require.NoError(t, resp.Body.Close())
}

func TestRequestWhoseContextHasEndedIsNotSentAndItsBodyClosed(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{})
	rt := adaptivehttp.NewTransport(w, tripper(func(*http.Request) (*http.Response, error) {
		t.Error("sent")
		return nil, errSink
	}))
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errSink)
	body := &upload{Reader: strings.NewReader("data")}
	_, err := rt.RoundTrip(request(t, ctx, http.MethodPost, "http://downstream", body))
	require.ErrorIs(t, err, errSink, "the cause of the context")
	require.NotErrorIs(t, err, adaptive.ErrRejected)
	require.True(t, body.closed.Load())
}

func TestRequestIsHandedOverUntouched(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{})
	body := &upload{Reader: strings.NewReader("data")}
	req := request(t, t.Context(), http.MethodPost, "http://downstream/path?q=1", body)
	req.Header.Set("X-Own", "1")
	before, header := *req, maps.Clone(req.Header)
	rt := adaptivehttp.NewTransport(w, tripper(func(got *http.Request) (*http.Response, error) {
		require.Same(t, req, got)
		require.Equal(t, before, *got)
		require.Same(t, body, got.Body)
		require.False(t, body.closed.Load(), "closing what is sent is the base's part")
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	}))
	_, err := rt.RoundTrip(req)
	require.NoError(t, err)
	require.Equal(t, before, *req)
	require.Equal(t, header, req.Header)
	require.False(t, body.closed.Load())
}

func TestUploadIsStreamed(t *testing.T) {
	arrived := make(chan bool)
	both(t, func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadFull(r.Body, make([]byte, 1))
		arrived <- true // while the client has more to say
		n, _ := io.Copy(io.Discard, r.Body)
		if n != 8<<20 {
			rw.WriteHeader(http.StatusBadRequest)
		}
	}, func(t *testing.T, url string, client *http.Client, w clienttest.Witness) {
		body, writer := io.Pipe()
		go func() {
			_, _ = writer.Write([]byte("x"))
			<-arrived
			_, _ = writer.Write(make([]byte, 8<<20))
			_ = writer.Close()
		}()
		resp, err := client.Post(url, "application/octet-stream", body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.NoError(t, resp.Body.Close())
		w.Ended(t, adaptive.Success)
	})
}

func TestPanicInTheBaseFreesThePermitAndGoesOn(t *testing.T) {
	for name, leave := range map[string]func(){
		"panic":  func() { panic("base broke") },
		"Goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			w := clienttest.NewWitness(t, adaptive.Config{})
			rt := adaptivehttp.NewTransport(w, tripper(func(*http.Request) (*http.Response, error) {
				leave()
				return nil, nil
			}))
			body := &upload{Reader: strings.NewReader("data")}
			req := request(t, t.Context(), http.MethodPost, "http://downstream", body)
			gone := make(chan any)
			go func() {
				defer func() { gone <- recover() }()
				_, _ = rt.RoundTrip(req)
			}()
			cause := <-gone
			if name == "panic" {
				require.Equal(t, "base broke", cause)
			}
			w.Now(t, adaptive.Abandoned)
			require.True(t, body.closed.Load())
		})
	}
}

func TestBaseThatReturnsNothingIsAFailure(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{})
	rt := adaptivehttp.NewTransport(w, tripper(func(*http.Request) (*http.Response, error) { return nil, nil }))
	_, err := (&http.Client{Transport: rt}).Get("http://downstream")
	require.Error(t, err)
	w.Now(t, adaptive.Failure)
}

func TestRedirectsHoldOnePermitAtATime(t *testing.T) {
	both(t, func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/end" {
			http.Redirect(rw, r, "/end", http.StatusFound)
		}
	}, func(t *testing.T, url string, client *http.Client, w clienttest.Witness) {
		resp, err := client.Get(url)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		w.Ended(t, adaptive.Success)
		w.Now(t, adaptive.Success)
	})
}

func TestClientTimeoutCoversTheWaitForAPermit(t *testing.T) {
	both(t, hang, func(t *testing.T, url string, client *http.Client, w clienttest.Witness) {
		held := get(t, t.Context(), client, url)
		client.Timeout = 50 * time.Millisecond
		_, err := client.Get(url)
		var outer *neturl.Error
		require.ErrorAs(t, err, &outer)
		require.True(t, outer.Timeout())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		w.Held(t)
		require.NoError(t, held.Body.Close())
		w.Now(t, adaptive.Success)
	})
}

func TestClientTimeoutIsTimedOut(t *testing.T) {
	both(t, func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			first(rw)
		}
		<-r.Context().Done()
	}, func(t *testing.T, url string, client *http.Client, w clienttest.Witness) {
		client.Timeout = 50 * time.Millisecond
		for range 5 { // two timers race for it
			_, err := client.Get(url + "/headers")
			require.ErrorIs(t, err, context.DeadlineExceeded)
			w.Now(t, adaptive.TimedOut)
		}
		client.Timeout = time.Second
		resp := get(t, t.Context(), client, url+"/body")
		_, err := io.ReadAll(resp.Body)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		w.Ended(t, adaptive.TimedOut)
		_ = resp.Body.Close() // HTTP/2 reports the cancellation here as well
		require.Zero(t, w.Stats().LateEnds)
	})
}

func TestCloseIdleConnectionsReachesTheBase(t *testing.T) {
	base := &idler{}
	client := &http.Client{Transport: adaptivehttp.NewTransport(clienttest.NewWitness(t, adaptive.Config{}), base)}
	client.CloseIdleConnections()
	require.True(t, base.closed)
	client.Transport = &adaptivehttp.Transport{Base: tripper(nil)} // has none
	client.CloseIdleConnections()
}

type idler struct {
	http.RoundTripper
	closed bool
}

func (i *idler) CloseIdleConnections() { i.closed = true }

func TestNilBaseIsTheDefaultTransport(t *testing.T) {
	srv := serve(t, "HTTP/1.1", func(http.ResponseWriter, *http.Request) {})
	w := clienttest.NewWitness(t, adaptive.Config{})
	client := &http.Client{Transport: adaptivehttp.NewTransport(w, nil)}
	defer client.CloseIdleConnections()
	resp, err := client.Get(srv.URL)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	w.Now(t, adaptive.Success)
}

func TestTransportWithoutAGuardPanicsWhenMade(t *testing.T) {
	require.PanicsWithValue(t, "adaptivehttp: NewTransport without a Guard", func() { adaptivehttp.NewTransport(nil, nil) })
}

func TestAllPermitsAreBackAfterAStorm(t *testing.T) {
	both(t, func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hang":
			hang(rw, r)
		case "/break":
			first(rw)
			panic(http.ErrAbortHandler)
		case "/busy":
			rw.WriteHeader(http.StatusServiceUnavailable)
		default:
			_, _ = rw.Write(make([]byte, 32<<10))
		}
	}, func(t *testing.T, url string, client *http.Client, w clienttest.Witness) {
		require.NoError(t, w.SetLimit(4))
		var group sync.WaitGroup
		for i := range 200 {
			group.Go(func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				path := []string{"/", "/hang", "/break", "/busy"}[i%4]
				resp, err := client.Do(request(t, ctx, http.MethodGet, url+path, nil))
				if err != nil {
					return
				}
				_, _ = resp.Body.Read(make([]byte, 1))
				switch i / 4 % 3 { // the ends race
				case 0:
					go cancel()
				case 1:
					go resp.Body.Close()
				}
				if path != "/hang" || i/4%3 < 2 {
					_, _ = io.Copy(io.Discard, resp.Body)
				}
				_ = resp.Body.Close()
			})
		}
		group.Wait()
		for range 200 {
			w.End(t)
		}
		require.Zero(t, w.Stats().InFlight)
		require.Zero(t, w.Stats().LateEnds)
	})
}

// refusedAddress is one that nobody listens at.
func refusedAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return "http://" + l.Addr().String()
}

var errCaller = errors.New("the caller has other plans")
