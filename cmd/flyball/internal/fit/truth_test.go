package fit

import (
	"context"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/cmd/flyball/load"
	"github.com/flyball-go/flyball/internal/raced"
	"github.com/flyball-go/flyball/simulate"
)

// patient is set where there is time.
var patient = os.Getenv("FLYBALL_LONG") != ""

// playing is a target that answers as a downstream of the simulator, in virtual time.
func playing(t *testing.T, d simulate.Downstream) load.Target {
	t.Helper()
	live, err := simulate.NewLive((&Twin{Downstream: d, Timeout: time.Minute}).Scenario())
	require.NoError(t, err)
	var mu sync.Mutex
	var calls uint64
	begun := time.Now()
	now := func() adaptive.Instant { return adaptive.Instant(time.Since(begun)) }
	var pump *time.Timer
	next := func() {
		if at, any := live.Next(); any {
			pump.Reset(max(0, at.Sub(now())))
		}
	}
	pump = time.AfterFunc(time.Hour, func() {
		mu.Lock()
		defer mu.Unlock()
		live.Advance(now())
		next()
	})
	t.Cleanup(func() { pump.Stop() })
	return func(ctx context.Context) error {
		ended := make(chan adaptive.Outcome, 1)
		mu.Lock()
		calls++
		live.Send(now(), calls, 0, func(r adaptive.Result) { ended <- r.Outcome })
		next()
		mu.Unlock()
		select {
		case o := <-ended:
			if o == adaptive.Refused {
				return load.Status(503)
			}
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func at(servers int) []simulate.Step { return []simulate.Step{{Servers: servers}} }

func lasting(kind simulate.DistributionKind, mean time.Duration, shape float64) simulate.Distribution {
	return simulate.Distribution{Kind: kind, Mean: mean, Shape: shape}
}

// A truth is a downstream that is known, and what a twin of it has to know.
type truth struct {
	simulate.Downstream
	model    string
	capacity float64
	quick    bool // to be found
}

// TestTruthIsFound has downstreams of the simulator behind the load generator, in
// virtual time, so that chance is all there is between the truth and the twin.
func TestTruthIsFound(t *testing.T) {
	raced.Spare(t)
	for name, c := range map[string]truth{
		"eight":              {simulate.Downstream{Servers: at(8), Service: lasting(simulate.Lognormal, 40*ms, 0.5), Queue: -1}, Servers, 200, true},
		"one":                {simulate.Downstream{Servers: at(1), Service: lasting(simulate.Exp, 10*ms, 0), Queue: -1}, Servers, 100, false},
		"two, far away":      {simulate.Downstream{Servers: at(2), Service: lasting(simulate.Exp, 10*ms, 0), Queue: -1, Network: 10 * ms}, Servers, 200, false},
		"two processors":     {simulate.Downstream{Servers: at(2), Service: lasting(simulate.Exp, 10*ms, 0), Queue: -1, Order: simulate.PS}, Shared, 200, false},
		"coherency":          {simulate.Downstream{Servers: at(1000), Service: lasting(simulate.Lognormal, 50*ms, 0.3), Queue: -1, USL: simulate.USL{Sigma: 0.02, Kappa: 0.001}}, Scaled, 244, true},
		"contention":         {simulate.Downstream{Servers: at(1000), Service: lasting(simulate.Gamma, 20*ms, 3), Queue: -1, USL: simulate.USL{Sigma: 0.1}}, Scaled, 483, false},
		"sheds at forty":     {simulate.Downstream{Servers: at(8), Service: lasting(simulate.Exp, 40*ms, 0), Queue: 32}, Servers, 200, true},
		"sheds, no queue":    {simulate.Downstream{Servers: at(16), Service: lasting(simulate.Gamma, 40*ms, 4), Queue: 4}, Servers, 400, false},
		"thirty-two, steady": {simulate.Downstream{Servers: at(32), Service: lasting(simulate.Const, 80*ms, 0), Queue: -1}, Servers, 400, false},
	} {
		t.Run(name, func(t *testing.T) {
			if !c.quick && !patient {
				t.Skip("FLYBALL_LONG is not set")
			}
			synctest.Test(t, func(t *testing.T) { c.isFound(t) })
		})
	}
}

func (c truth) isFound(t *testing.T) {
	p := usual()
	p.From, p.Factor, p.Min, p.Max = 30, 1.4, 10*time.Second, 30*time.Second
	r := loadedBy(t, p, playing(t, c.Downstream))
	twin, err := Of(t.Context(), r, simulate.Empirical)
	require.NoError(t, err)
	told(t, twin)
	require.Equal(t, c.model, twin.Model)
	require.InEpsilon(t, c.capacity, twin.Capacity, 0.07)
	switch {
	case c.model != Scaled && c.Network == 0:
		require.InDelta(t, c.Servers[0].Servers, twin.Downstream.Servers[0].Servers, 1)
		require.Less(t, twin.Downstream.Network, 2*ms)
	case c.model == Scaled:
		require.InDelta(t, c.USL.Sigma, twin.Scaling.Sigma, 0.01)
		require.InDelta(t, c.USL.Kappa, twin.Scaling.Kappa, 0.0002)
	}
	if c.Queue >= 0 {
		require.InDelta(t, c.Queue, twin.Downstream.Queue, 2)
	} else {
		require.Equal(t, -1, twin.Downstream.Queue)
	}
	// The truth itself is played, so that the chance of one measurement is out.
	real := &Twin{Downstream: c.Downstream, Timeout: twin.Timeout, Capacity: c.capacity}
	for _, at := range byRate(r.Steps) {
		if at[0].Rate > 0.8*c.capacity {
			continue
		}
		want, err := predict(t.Context(), real.Scenario(), &at[0], r.Plan.InFlight, careful)
		require.NoError(t, err)
		got, err := predict(t.Context(), twin.Scenario(), &at[0], r.Plan.InFlight, careful)
		require.NoError(t, err)
		t.Logf("%.4g calls/s: p50 %v for %v, p99 %v for %v", at[0].Rate, got.P50, want.P50, got.P99, want.P99)
		require.InEpsilon(t, want.P50, got.P50, 0.1)
		require.InEpsilon(t, want.P99, got.P99, 0.15)
	}
}

// told logs a twin.
func told(t *testing.T, twin *Twin) {
	t.Helper()
	for _, line := range twin.table() {
		t.Log(line)
	}
	for _, m := range twin.Models {
		t.Logf("%s: off by %.1f %%, QAICc %.1f, %d servers, network %v, mean %v, chosen %v", m.Name, 100*m.Off, m.QAICc, m.Downstream.Servers[0].Servers, m.Downstream.Network, m.Downstream.Service.Mean, m.Chosen)
	}
	t.Logf("capacity %.1f, σ %.4f, κ %.5f, sheds at %d, noise %.3f, doubt %q", twin.Capacity, twin.Scaling.Sigma, twin.Scaling.Kappa, twin.Sheds, twin.Noise, twin.Doubt())
}
