package simtest_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivehttp"
	"github.com/flyball-go/flyball/simulate/simtest"
)

// retrying sends a request up to four times, half a second apart, as much code
// does. It does not insist where its own guard said no.
func retrying(ctx context.Context, c *http.Client) error {
	var err error
	for try := range 4 {
		if try > 0 {
			time.Sleep(500 * time.Millisecond)
		}
		if err = get(ctx, c); err == nil || errors.Is(err, adaptive.ErrRejected) {
			return err
		}
	}
	return err
}

func TestPlainClientWithRetriesMakesABrownoutLast(t *testing.T) {
	judged(t, brownout(t), func(v *verdict, d *simtest.Downstream) {
		c := &http.Client{Transport: d.RoundTripper(), Timeout: time.Second}
		d.Offer(func(ctx context.Context) error { return retrying(ctx, c) })
		d.AmplificationBelow(1.3)
		d.RecoversWithin(10*time.Second, d.FaultsEnd())
		v.Log(d.Report())
		require.Len(v.TB, v.errors, 2)
		require.Contains(v.TB, v.errors[0], "amplification is 3.")
		require.Contains(v.TB, v.errors[1], "not recovered after 11s by now")
	})
}

func TestAdaptiveClientOutlivesABrownout(t *testing.T) {
	for _, way := range []string{"RoundTripper", "Dial"} {
		t.Run(way, func(t *testing.T) {
			bubble(t, brownout(t), func(t *testing.T, d *simtest.Downstream) {
				limiter, err := adaptive.New(adaptive.Config{Max: 45, MaxWait: 200 * time.Millisecond})
				require.NoError(t, err)
				base := d.RoundTripper()
				if way == "Dial" {
					base = &http.Transport{DialContext: d.Dial, MaxIdleConnsPerHost: 200}
				}
				c := client(t, adaptivehttp.NewTransport(limiter, base))
				c.Timeout = time.Second
				d.Offer(func(ctx context.Context) error { return retrying(ctx, c) })
				d.AmplificationBelow(1.3)
				d.RecoversWithin(10*time.Second, d.FaultsEnd())
				d.NeverExceeds(45)
				t.Log(d.Report())
			})
		})
	}
}

// A caller who leaves frees his place before a server hears of it.
func TestTimeOutsAreNoExcessOfAFixedLimit(t *testing.T) {
	sc := farm(200, 10*time.Second)
	sc.Downstream.Servers[0].Servers = 5
	both(t, sc, func(t *testing.T, d *simtest.Downstream, c *http.Client) {
		limiter, err := adaptive.New(adaptive.Config{Law: "fixed:10"})
		require.NoError(t, err)
		c.Transport = adaptivehttp.NewTransport(limiter, c.Transport)
		c.Timeout = 150 * time.Millisecond
		d.Offer(func(ctx context.Context) error { return get(ctx, c) })
		r := d.Report()
		require.Greater(t, r.Left, uint64(100), "time-outs are what this is about")
		require.Equal(t, 10, r.PeakInFlight)
		d.NeverExceeds(10)
	})
}
