package simtest_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivehttp"
	"github.com/flyball-go/flyball/simulate"
	"github.com/flyball-go/flyball/simulate/simtest"
)

// both runs f with a client of each way to speak HTTP to d.
func both(t *testing.T, sc *simulate.Scenario, f func(t *testing.T, d *simtest.Downstream, c *http.Client)) {
	t.Run("RoundTripper", func(t *testing.T) {
		bubble(t, sc, func(t *testing.T, d *simtest.Downstream) { f(t, d, client(t, d.RoundTripper())) })
	})
	t.Run("Dial", func(t *testing.T) {
		bubble(t, sc, func(t *testing.T, d *simtest.Downstream) {
			f(t, d, client(t, &http.Transport{DialContext: d.Dial, MaxIdleConnsPerHost: 100}))
		})
	})
}

func TestStatusTellsWhatTheDownstreamDid(t *testing.T) {
	limited := lone()
	limited.Downstream.RateLimit = simulate.RateLimit{Rate: 1e-3, Burst: 1, RetryAfter: 1500 * time.Millisecond}
	for _, c := range []struct {
		name       string
		sc         *simulate.Scenario
		want       int
		retryAfter string
		outcome    adaptive.Outcome
	}{
		{"served", lone(), 200, "", adaptive.Success},
		{"failed", lone(simulate.Fault{Kind: simulate.Errors, Value: 1}), 500, "", adaptive.Failure},
		{"refused", lone(simulate.Fault{Kind: simulate.Refusals, Value: 1}), 503, "", adaptive.Refused},
		{"over the rate limit", limited, 429, "2", adaptive.Refused},
	} {
		t.Run(c.name, func(t *testing.T) {
			both(t, c.sc, func(t *testing.T, d *simtest.Downstream, client *http.Client) {
				_ = get(t.Context(), client) // takes the one token of a rate limit
				resp, err := client.Do(request(t, t.Context()))
				require.NoError(t, err)
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				require.Equal(t, c.want, resp.StatusCode)
				require.Equal(t, http.StatusText(c.want)+"\n", string(body))
				require.Equal(t, c.retryAfter, resp.Header.Get("Retry-After"))
				require.Equal(t, c.outcome, adaptivehttp.Classify(resp).Outcome)
				require.EqualValues(t, 2, d.Report().Received)
			})
		})
	}
}

func TestRequestEndsWithItsContext(t *testing.T) {
	both(t, lone(simulate.Fault{Kind: simulate.Blackhole, Value: 1}), func(t *testing.T, d *simtest.Downstream, client *http.Client) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		require.ErrorIs(t, get(ctx, client), context.DeadlineExceeded)
		require.Equal(t, 3*time.Second, d.Report().At)
		time.Sleep(time.Nanosecond) // a server hears of it when its connection closes
		r := d.Report()
		require.EqualValues(t, []uint64{1, 1, 0}, []uint64{r.Received, r.Left, r.InFlight})
	})
}

func TestClientTimeoutIsALeftCall(t *testing.T) {
	both(t, lone(simulate.Fault{Kind: simulate.Slow, Value: 100}), func(t *testing.T, d *simtest.Downstream, client *http.Client) {
		client.Timeout = time.Second
		require.ErrorIs(t, get(t.Context(), client), context.DeadlineExceeded)
		time.Sleep(10 * time.Second)
		r := d.Report()
		require.EqualValues(t, []uint64{1, 1, 1}, []uint64{r.Received, r.Left, r.Stale})
	})
}

func TestRequestBodyIsClosed(t *testing.T) {
	both(t, lone(), func(t *testing.T, d *simtest.Downstream, client *http.Client) {
		body := &upload{Reader: strings.NewReader(strings.Repeat("x", 1<<16))}
		resp, err := client.Post("http://stock.test/", "text/plain", body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.True(t, body.closed.Load())
		require.EqualValues(t, 1, d.Report().Served)
	})
}

type upload struct {
	io.Reader
	closed atomic.Bool
}

func (u *upload) Close() error {
	u.closed.Store(true)
	return nil
}

func TestConnectionsAreKeptAlive(t *testing.T) {
	bubble(t, farm(1, time.Minute), func(t *testing.T, d *simtest.Downstream) {
		dials := 0
		transport := &http.Transport{MaxConnsPerHost: 3, MaxIdleConnsPerHost: 3}
		var mu sync.Mutex
		transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			mu.Lock()
			dials++
			mu.Unlock()
			return d.Dial(ctx, network, address)
		}
		c := client(t, transport)
		var calls sync.WaitGroup
		for range 30 {
			calls.Go(func() { require.NoError(t, get(t.Context(), c)) })
		}
		calls.Wait()
		require.Equal(t, 3, dials)
		require.Equal(t, 3, d.Report().PeakInFlight)
		d.NeverExceeds(3)
	})
}
