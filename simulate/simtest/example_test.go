package simtest_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivehttp"
	"github.com/flyball-go/flyball/simulate/simtest"
)

// testStockClient is a test as a program would have it, called TestStockClient
// there: five seconds of a downstream that is five times slower.
func testStockClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := simtest.Load(t, "testdata/brownout.yaml")
		limiter, err := adaptive.New(adaptive.Config{Max: 200, MaxWait: 500 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{
			Transport: adaptivehttp.NewTransport(limiter, d.RoundTripper()),
			Timeout:   2 * time.Second,
		}
		d.Offer(func(ctx context.Context) error { return get(ctx, client) })

		d.AmplificationBelow(1.1)
		d.NeverExceeds(200)
		d.RecoversWithin(10*time.Second, d.FaultsEnd())
		t.Log(d.Report())
	})
}

// An Example cannot have a bubble of its own; what it shows runs as a test.
func Example() {
	_ = testStockClient
}
