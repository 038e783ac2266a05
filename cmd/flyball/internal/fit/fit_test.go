package fit

import (
	"bytes"
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/cmd/flyball/load"
	"github.com/flyball-go/flyball/internal/raced"
	"github.com/flyball-go/flyball/simulate"
)

const ms = time.Millisecond

// hidden is a target in virtual time with so many servers and places to wait,
// behind a network.
func hidden(slots, queue int, network time.Duration, sleep func() time.Duration) load.Target {
	servers := make(chan struct{}, slots)
	var mu sync.Mutex
	inside := 0
	return func(ctx context.Context) error {
		mu.Lock()
		if queue >= 0 && inside >= slots+queue {
			mu.Unlock()
			return load.Status(503)
		}
		inside++
		d := sleep()
		mu.Unlock()
		servers <- struct{}{}
		time.Sleep(d)
		<-servers
		mu.Lock()
		inside--
		mu.Unlock()
		time.Sleep(network)
		return ctx.Err()
	}
}

// usual is a plan with steps of seconds.
func usual() load.Plan {
	return load.Plan{From: 20, MaxRate: 5000, Factor: 1.5, Min: 2 * time.Second, Max: 8 * time.Second, MaxTime: 10 * time.Minute, InFlight: 256, Timeout: 5 * time.Second,
		GiveUp: 200, Errors: 0.01, Ratio: 3, Within: 0.05}
}

// loaded is the record of a load test of target.
func loaded(t *testing.T, target load.Target) *load.Run {
	t.Helper()
	return loadedBy(t, usual(), target)
}

func loadedBy(t *testing.T, p load.Plan, target load.Target) *load.Run {
	t.Helper()
	g := load.Generator{Target: target, InFlight: p.InFlight, Timeout: p.Timeout, GiveUp: p.GiveUp}
	found, err := (&load.Finder{Plan: p, Hold: g.Hold}).Find(t.Context())
	require.NoError(t, err)
	return &load.Run{Version: load.Version, Loop: "open", Method: "GET", Target: "http://localhost/", Plan: p, Found: found}
}

func TestTwinIsLikeTheTarget(t *testing.T) {
	raced.Spare(t)
	random := func() func() time.Duration {
		r := rand.New(rand.NewPCG(7, 7))
		return func() time.Duration {
			if r.IntN(10) == 0 {
				return 100 * ms
			}
			return time.Duration(8+r.IntN(5)) * ms
		}
	}
	even := func() func() time.Duration { return func() time.Duration { return 40 * ms } }
	for name, c := range map[string]struct {
		slots, queue int
		network      time.Duration
		sleep        func() func() time.Duration
		capacity     float64
	}{
		"8 at a time":   {8, -1, 0, even, 200},
		"32 at a time":  {32, -1, 0, even, 800},
		"far away":      {4, -1, 20 * ms, even, 100},
		"bimodal":       {16, -1, 0, random, 842},
		"bounded queue": {8, 32, 0, even, 200},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := loaded(t, hidden(c.slots, c.queue, c.network, c.sleep()))
				twin, err := Of(t.Context(), r, simulate.Empirical)
				require.NoError(t, err)
				for _, line := range twin.table() {
					t.Log(line)
				}
				e := twin.Worst().Error()
				require.Less(t, e.Off, Tolerance, e.Of)
				for _, j := range twin.Judged {
					if j.Below {
						require.InEpsilon(t, j.Measured.P99, j.Predicted.P99, 0.2)
					}
				}
				d := twin.Downstream
				mean := d.Service.Mean.Seconds()
				require.InEpsilon(t, c.capacity, float64(d.Servers[0].Servers)/mean, 0.15)
				if c.queue < 0 {
					require.Equal(t, -1, d.Queue)
				} else {
					require.InDelta(t, c.queue, d.Queue, 3)
				}

				var b bytes.Buffer
				twin.Write(&b, "a test")
				sc, err := simulate.Parse("twin.yaml", b.Bytes())
				require.NoError(t, err, b.String())
				require.Equal(t, d.Servers, sc.Downstream.Servers)
				require.Equal(t, d.Network, sc.Downstream.Network)
				require.Equal(t, d.Queue, sc.Downstream.Queue)
				require.Equal(t, d.Service.Values, sc.Downstream.Service.Values)
			})
		})
	}
}

func TestErrorsOfTheTargetAreThoseOfTheTwin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		serve := hidden(8, -1, 0, func() time.Duration { return 40 * ms })
		var mu sync.Mutex
		n := 0
		r := loaded(t, func(ctx context.Context) error {
			mu.Lock()
			n++
			bad := n%200 == 0
			mu.Unlock()
			if bad {
				return load.Status(500)
			}
			return serve(ctx)
		})
		twin, err := Of(t.Context(), r, simulate.Empirical)
		require.NoError(t, err)
		require.InEpsilon(t, 0.005, twin.Errors, 0.2)
		var b bytes.Buffer
		twin.Write(&b, "a test")
		sc, err := simulate.Parse("twin.yaml", b.Bytes())
		require.NoError(t, err)
		require.Equal(t, simulate.Errors, sc.Faults[0].Kind)
	})
}

func TestATargetThatComesAndGoesIsNotBelieved(t *testing.T) {
	raced.Spare(t)
	synctest.Test(t, func(t *testing.T) {
		// A neighbour has half of the machine, for a while and again.
		begun := time.Now()
		p := usual()
		p.MaxRate = 400
		r := loadedBy(t, p, func(context.Context) error {
			d := 40 * ms
			if time.Since(begun)/(7*time.Second)%2 == 1 {
				d = 80 * ms
			}
			time.Sleep(d)
			return nil
		})
		for i := range r.Steps {
			if s := &r.Steps[i]; s.Rate > 200 { // it is only the noise that is of interest
				s.Passed, s.Goodput = false, 200
			}
		}
		twin, err := Of(t.Context(), r, simulate.Empirical)
		require.NoError(t, err)
		told(t, twin)
		require.Contains(t, twin.Doubt(), "the twin is off by")
		require.Contains(t, twin.Doubt(), "measure again on a quieter machine")
	})
}

func TestWhatARunHasTooLittleOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		whole := loaded(t, hidden(8, -1, 0, func() time.Duration { return 40 * ms }))
		for fault, spoil := range map[string]func(r *load.Run){
			"too short to fit: has 2 rates": func(r *load.Run) { r.Steps = r.Steps[:2] },
			"a fit would lie":               func(r *load.Run) { r.Loop = "closed" },
			"no rate that was too much":     func(r *load.Run) { r.Steps = only(r.Steps, func(s load.Step) bool { return s.Passed }) },
			"no rate below the ": func(r *load.Run) {
				r.Steps = only(r.Steps, func(s load.Step) bool { return s.Rate < 40 || s.Rate > 180 })
			},
			"no rate up to half":                      func(r *load.Run) { r.Steps = only(r.Steps, func(s load.Step) bool { return s.Rate > 120 }) },
			"service times are from":                  func(r *load.Run) { each(r, func(s *load.Step) { s.OK = min(s.OK, 5) }) },
			"too short to fit: has 0 rates that tell": func(r *load.Run) { each(r, func(s *load.Step) { s.Why = load.GeneratorAtLimit }) },
		} {
			r := *whole
			r.Steps = append([]load.Step(nil), whole.Steps...)
			spoil(&r)
			_, err := Of(t.Context(), &r, simulate.Empirical)
			require.ErrorContains(t, err, fault)
			require.ErrorContains(t, err, "easure", fault) // says what to do
		}
	})
}

func only(steps []load.Step, keep func(load.Step) bool) (out []load.Step) {
	for _, s := range steps {
		if keep(s) {
			out = append(out, s)
		}
	}
	return out
}

func each(r *load.Run, do func(*load.Step)) {
	for i := range r.Steps {
		do(&r.Steps[i])
	}
}
