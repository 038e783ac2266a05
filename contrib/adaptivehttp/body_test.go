package adaptivehttp_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
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

func TestPermitLivesUntilEOF(t *testing.T) {
	more := make(chan bool)
	both(t, func(rw http.ResponseWriter, _ *http.Request) {
		first(rw)
		<-more
	}, func(t *testing.T, url string, client *http.Client, w clienttest.Witness) {
		resp := get(t, t.Context(), client, url) // nothing is buffered: the answer is not over yet
		w.Held(t)
		more <- true
		rest, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Empty(t, rest)
		w.Now(t, adaptive.Success)
		require.NoError(t, resp.Body.Close())
		require.Zero(t, w.Stats().LateEnds)
	})
}

func TestPermitLivesUntilClose(t *testing.T) {
	both(t, hang, func(t *testing.T, url string, client *http.Client, w clienttest.Witness) {
		resp := get(t, t.Context(), client, url)
		w.Held(t)
		require.NoError(t, resp.Body.Close())
		w.Now(t, adaptive.Success)
	})
}

func TestPermitOfAnAbandonedBodyEndsWithItsContext(t *testing.T) {
	both(t, hang, func(t *testing.T, url string, client *http.Client, w clienttest.Witness) {
		ctx, cancel := context.WithCancel(t.Context())
		resp := get(t, ctx, client, url)
		w.Held(t)
		cancel() // and nobody reads or closes the body
		w.Ended(t, adaptive.Ignored)

		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		late := get(t, ctx, client, url)
		w.Ended(t, adaptive.TimedOut)

		_ = late.Body.Close() // HTTP/2 may report the cancellation here as well
		_ = resp.Body.Close()
		require.Zero(t, w.Stats().LateEnds)
	})
}

func TestOneOfTwentyStreamingBodiesIsOpenWithALimitOfOne(t *testing.T) {
	both(t, hang, func(t *testing.T, url string, client *http.Client, w clienttest.Witness) {
		var open atomic.Int32
		var group sync.WaitGroup
		held := get(t, t.Context(), client, url)
		open.Add(1)
		for range 19 {
			group.Go(func() {
				resp, err := client.Do(request(t, t.Context(), http.MethodGet, url, nil))
				if err != nil {
					t.Error(err)
					return
				}
				if n := open.Add(1); n > 1 {
					t.Errorf("%d bodies are open", n)
				}
				_, _ = resp.Body.Read(make([]byte, 1))
				open.Add(-1)
				_ = resp.Body.Close()
			})
		}
		require.Eventually(t, func() bool { return w.Stats().Waiting == 19 }, clienttest.Patience, time.Millisecond)
		w.Held(t)
		open.Add(-1)
		require.NoError(t, held.Body.Close())
		group.Wait()
		require.EqualValues(t, 20, w.Stats().Ended[adaptive.Success])
	})
}

func TestAnswersWithoutABodyEndAtOnce(t *testing.T) {
	both(t, func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/204":
			rw.WriteHeader(http.StatusNoContent)
		case "/304":
			rw.WriteHeader(http.StatusNotModified)
		default:
			rw.Header().Set("Content-Length", "7")
		}
	}, func(t *testing.T, url string, client *http.Client, w clienttest.Witness) {
		for _, target := range []string{"GET /204", "GET /304", "HEAD /", "HEAD /204"} {
			method, path, _ := strings.Cut(target, " ")
			resp, err := client.Do(request(t, t.Context(), method, url+path, nil))
			require.NoError(t, err)
			w.Now(t, adaptive.Success)
			require.NoError(t, resp.Body.Close())
			require.Zero(t, w.Stats().LateEnds)
		}
	})
}

func TestNilAndEmptyBodiesOfABaseEndAtOnce(t *testing.T) {
	for name, body := range map[string]io.ReadCloser{"nil": nil, "NoBody": http.NoBody} {
		t.Run(name, func(t *testing.T) {
			w := clienttest.NewWitness(t, adaptive.Config{})
			rt := adaptivehttp.NewTransport(w, tripper(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: http.StatusOK, Body: body}, nil
			}))
			resp, err := rt.RoundTrip(request(t, t.Context(), http.MethodGet, "http://downstream", nil))
			require.NoError(t, err)
			require.Equal(t, body, resp.Body)
			w.Now(t, adaptive.Success)
		})
	}
}

func TestBodyOfUnstatedLengthIsWaitedFor(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{})
	rt := adaptivehttp.NewTransport(w, tripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(iotaReader{})}, nil // ContentLength 0
	}))
	resp, err := rt.RoundTrip(request(t, t.Context(), http.MethodGet, "http://downstream", nil))
	require.NoError(t, err)
	w.Held(t)
	require.NoError(t, resp.Body.Close())
	w.Now(t, adaptive.Success)
}

func TestErrorInsideABodyIsAFailure(t *testing.T) {
	both(t, func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/refused" {
			rw.WriteHeader(http.StatusServiceUnavailable)
		}
		first(rw)
		panic(http.ErrAbortHandler) // breaks the stream
	}, func(t *testing.T, url string, client *http.Client, w clienttest.Witness) {
		for path, want := range map[string]adaptive.Outcome{
			"/":        adaptive.Failure,
			"/refused": adaptive.Refused, // known since the status line
		} {
			resp := get(t, t.Context(), client, url+path)
			_, err := io.ReadAll(resp.Body)
			require.Error(t, err)
			w.Now(t, want)
			require.NoError(t, resp.Body.Close())
		}
	})
}

func TestTrailersStayReadable(t *testing.T) {
	both(t, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Trailer", "Checksum")
		first(rw)
		rw.Header().Set("Checksum", "42")
	}, func(t *testing.T, url string, client *http.Client, w clienttest.Witness) {
		resp := get(t, t.Context(), client, url)
		_, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, "42", resp.Trailer.Get("Checksum"))
		w.Now(t, adaptive.Success)
		require.NoError(t, resp.Body.Close())
	})
}

func TestUpgradedConnectionStaysReadableAndWritable(t *testing.T) {
	srv := serve(t, "HTTP/1.1", func(rw http.ResponseWriter, _ *http.Request) {
		conn, buffered, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		_, _ = io.Copy(conn, buffered)
		_ = conn.Close()
	})
	w := clienttest.NewWitness(t, adaptive.Config{})
	client := &http.Client{Transport: adaptivehttp.NewTransport(w, srv.Client().Transport)}
	req := request(t, t.Context(), http.MethodGet, srv.URL, nil)
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "echo")
	resp, err := client.Do(req)
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
	conn, ok := resp.Body.(io.ReadWriteCloser)
	require.True(t, ok, "the body of a 101 is the connection")
	_, err = io.WriteString(conn, "hello\n")
	require.NoError(t, err)
	line, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "hello\n", line)
	w.Held(t)
	half, ok := conn.(interface{ CloseWrite() error })
	require.True(t, ok)
	require.NoError(t, half.CloseWrite())
	_, err = conn.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF, "the server heard that we say no more")
	w.Now(t, adaptive.Ignored) // how long it lasted says nothing about load
	require.NoError(t, conn.Close())
}

// iotaReader never ends.
type iotaReader struct{}

func (iotaReader) Read(p []byte) (int, error) { return copy(p, "0123456789"), nil }
