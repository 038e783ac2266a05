package simulate

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkEngine plays a busy downstream and compares the rate of its events
// with that of a bare heap: pop the earliest event, push it back later, at as
// many pending events as the run has. "ratio" is what the engine keeps of that.
func BenchmarkEngine(b *testing.B) {
	for _, guard := range []string{"none", "fixed:1x", "aimd", "vegas", "vegas+breaker"} {
		for _, servers := range []int{10, 200} {
			b.Run(fmt.Sprintf("guard=%s/servers=%d", guard, servers), func(b *testing.B) {
				sc := busy(servers)
				kind, err := parseGuard(guard)
				require.NoError(b, err)
				b.ReportAllocs()
				var events uint64
				for b.Loop() {
					r, err := newRun(sc, kind)
					require.NoError(b, err)
					res, err := r.play(context.Background(), 0)
					require.NoError(b, err)
					events += res.Events
				}
				perSecond := float64(events) / b.Elapsed().Seconds()
				b.ReportMetric(perSecond/1e6, "Mevents/s")
				b.ReportMetric(perSecond/hold(servers, 2_000_000), "ratio")
			})
		}
	}
}

// busy is a downstream at 80 % of its capacity, with time-outs, 200,000 calls.
func busy(servers int) *Scenario {
	rate := 0.8 * float64(servers) / 0.05
	return &Scenario{
		Name: "busy", Seed: 1, Duration: time.Duration(2e5 / rate * float64(time.Second)), Timeout: 2 * time.Second,
		Load: []Phase{{Arrivals: Poisson, Rate: Rate{Value: rate}}},
		Downstream: Downstream{
			Servers: []Step{{Servers: servers}}, Queue: -1, Service: Distribution{Kind: Exp, Mean: 50 * time.Millisecond},
		},
	}
}

// hold is events per second of a heap that holds n.
func hold(n, rounds int) float64 {
	rnd := newStream(1, "hold", 0).sequence()
	var h heap
	for i := range n {
		h.push(event{at: int64(rnd.ExpFloat64() * 1e6), key: uint64(i)})
	}
	start := time.Now()
	for i := range rounds {
		e := h.pop()
		e.at += int64(rnd.ExpFloat64() * 1e6)
		e.key = uint64(n + i)
		h.push(e)
	}
	return float64(rounds) / time.Since(start).Seconds()
}
