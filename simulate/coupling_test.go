package simulate

import (
	"cmp"
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/breaker"
	"github.com/flyball-go/flyball/internal/raced"
)

// watched plays sc for c and calls look after each event.
func watched(t *testing.T, sc *Scenario, c Candidate, look func(r *run, b *breaker.Breaker)) {
	t.Helper()
	require.NoError(t, sc.Validate())
	g, err := c.guard()
	require.NoError(t, err)
	r, err := newRun(sc, g)
	require.NoError(t, err)
	b := r.fleet[0].guard.(*breaker.Breaker)
	for e := r.agenda.next(); e.at < r.end; e = r.agenda.next() {
		if r.stale(e) {
			continue
		}
		r.now = e.at
		r.happen(e)
		look(r, b)
	}
	require.NoError(t, r.err)
}

// TestAHangCostsOneLimitOfCalls is the argument for the pair. 1,000 calls a second
// meet a limit of 64, and from 30 s on the downstream stands still for 10 s. What is
// asked of the pair is in each requirement.
//
//	go test ./simulate -run TestAHangCostsOneLimitOfCalls -v
func TestAHangCostsOneLimitOfCalls(t *testing.T) {
	raced.Spare(t)
	const hangs, over, limit = 30 * time.Second, 40 * time.Second, 64
	for seed := range uint64(10) {
		sc := simple(1000, 40, 60*time.Second)
		sc.Seed, sc.Timeout, sc.Downstream.Service.Mean = seed+1, 2*time.Second, 36*time.Millisecond
		sc.Faults = []Fault{{Kind: Stall, At: hangs, For: over - hangs}}
		var p99, opened, closed time.Duration
		var before, sent, served, first, former, resumed, trips uint64
		var usualPeak, peak int64
		regained := false
		watched(t, sc, Candidate{Limiter: adaptive.Config{Max: limit}, Breaker: &breaker.Config{}}, func(r *run, b *breaker.Breaker) {
			now, s := time.Duration(r.now), b.Stats()
			served = r.meter.served.total
			switch {
			case now < 10*time.Second:
				first = served
			case now < hangs:
				_, p99 = r.fleet[0].limiter.Usual()
				before, former, usualPeak = r.meter.admitted, served-first, max(usualPeak, r.meter.queue.value)
			case closed == 0:
				if sent = r.meter.admitted - before; opened == 0 && s.State == breaker.Open {
					opened = now
				}
				if opened > 0 && s.State == breaker.Closed {
					closed, trips = now, s.Opened
				}
			default:
				peak = max(peak, r.meter.queue.value)
				if now < closed+4*time.Second {
					resumed = served
				} else if now < closed+5*time.Second {
					regained = float64(served-resumed) >= 0.9*float64(former)/20
				} else {
					require.Equal(t, trips, s.Opened, "seed %d: no second trip", sc.Seed)
				}
			}
		})
		t.Logf("seed %d: usual p99 %v; open %v after the hang, %d calls sent until closed; closed %v after its end; queue %d, usually up to %d",
			sc.Seed, p99, opened-hangs, sent, closed-over, peak, usualPeak)
		require.LessOrEqual(t, float64(sent), 1.1*limit, "seed %d: calls sent after the hang", sc.Seed)
		require.LessOrEqual(t, opened-hangs, 2*p99+time.Second, "seed %d: twice the usual p99 and one window", sc.Seed)
		require.LessOrEqual(t, closed-over, 3500*time.Millisecond, "seed %d: a probe that hangs, an open time, and probes", sc.Seed)
		require.True(t, regained, "seed %d: 90 %% of the former goodput within 5 s of closing", sc.Seed)
		require.LessOrEqual(t, float64(peak), 1.5*float64(usualPeak), "seed %d: queue", sc.Seed)
	}
}

// TestAFlappingDownstreamIsUsedWhileItIsGood: 5 s good, 5 s dead, for ten minutes, dead
// in both ways.
func TestAFlappingDownstreamIsUsedWhileItIsGood(t *testing.T) {
	raced.Spare(t)
	for _, kind := range []FaultKind{Errors, Blackhole} {
		sc := simple(320, 20, 600*time.Second)
		sc.Timeout = 2 * time.Second
		sc.Faults = []Fault{{Kind: kind, Value: 1, At: 5 * time.Second, For: 5 * time.Second, Every: 10 * time.Second}}
		res, err := Run(context.Background(), sc, "coupled")
		require.NoError(t, err)
		t.Logf("%s: %.3f of the oracle's goodput", kind, res.OfBest)
		require.GreaterOrEqual(t, res.OfBest, 0.85, kind)
	}
}

// TestThePairCostsLittleWhereItCannotHelp holds the margin that docs/breaker.md states:
// how far the pair may be below the limit alone, by scenario.
func TestThePairCostsLittleWhereItCannotHelp(t *testing.T) {
	raced.Spare(t)
	margin := map[string]float64{"flapping-outage": 0.06, "refused-at-the-floor": 0.06, "cold-errors": 0.06} // why is told there
	names := []string{
		"hang-breaker", "long-hang", "flapping-outage", "flapping-hang", "slow-death", "low-traffic-outage", "cold-start", "cold-errors",
		"hang-waiting", "refused-at-the-floor", "refusals-outage", "retries-breaker", "outage-errors",
	}
	if long() {
		names = append(names, "hang-results-only", "stall-backlog", "one-bad-instance", "most-instances-fail", "hidden-rate-limit", "outage-hang",
			"thundering-herd", "fleet-herd", "fleet-of-small")
	}
	r := &Runner{Guards: []string{"knee", "coupled"}}
	for _, name := range names {
		sc, err := Load(filepath.Join(library, name+".yaml"))
		require.NoError(t, err)
		rep, err := r.Compare(context.Background(), sc)
		require.NoError(t, err, name)
		alone, pair := rep.Of("knee")[0].Score, rep.Of("coupled")[0].Score
		t.Logf("%s: limit alone %.3f, pair %.3f", name, alone, pair)
		assert.GreaterOrEqual(t, pair, alone-cmp.Or(margin[name], 0.03), "%s: limit alone %.3f", name, alone)
	}
}
