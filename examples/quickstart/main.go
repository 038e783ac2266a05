// Quickstart shows what the limiter is for. It starts an HTTP server that can do
// 400 requests a second, sends it 1,000 a second, first with a plain http.Client
// and then with the same client behind a limiter that knows nothing of the
// server, and prints both side by side. It exits with 0 if the limiter paid off.
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivehttp"
)

// trial is what both clients are put through.
type trial struct {
	workers int           // of the server
	service time.Duration // a worker's time for a request
	rate    int           // arrivals per second, whether or not the server keeps up
	length  time.Duration // of the load, for each client
	timeout time.Duration // a caller's patience
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	better, err := run(ctx, os.Stdout, trial{
		workers: 8, service: 20 * time.Millisecond,
		rate: 1000, length: 4 * time.Second, timeout: 500 * time.Millisecond,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
	}
	if !better {
		os.Exit(1)
	}
}

// run puts both clients through t and reports whether the limiter paid off.
func run(ctx context.Context, out io.Writer, t trial) (better bool, err error) {
	fmt.Fprintf(out, "A server of %d workers, %v a request, can do %.0f requests/s. It is sent %d/s for %v;\n"+
		"callers give up after %v.\n\n", t.workers, t.service, float64(t.workers)/t.service.Seconds(), t.rate, t.length, t.timeout)
	plain, err := t.try(ctx, func(base http.RoundTripper) http.RoundTripper { return base })
	if err != nil {
		return false, err
	}
	// The zero Config lets callers wait for as long as they can still be served. Here
	// they would rather be told no after a fifth of their patience.
	limiter, err := adaptive.New(adaptive.Config{Name: "server", MaxWait: t.timeout / 5})
	if err != nil {
		return false, err
	}
	limited, err := t.try(ctx, func(base http.RoundTripper) http.RoundTripper {
		return adaptivehttp.NewTransport(limiter, base)
	})
	if err != nil {
		return false, err
	}
	return report(out, t.length, plain, limited, limiter.Limit()), nil
}

// try sends the load to a fresh server with a client whose transport is wrapped.
func (t trial) try(ctx context.Context, wrap func(http.RoundTripper) http.RoundTripper) (*results, error) {
	srv, err := startServer(t.workers, t.service)
	if err != nil {
		return nil, err
	}
	defer srv.stop()
	base := &http.Transport{MaxIdleConnsPerHost: 512} // 2 by default, which would slow both down
	defer base.CloseIdleConnections()
	r := t.load(ctx, srv.url, &http.Client{Transport: wrap(base), Timeout: t.timeout})
	return r, context.Cause(ctx)
}
