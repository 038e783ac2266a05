package simulate

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkEngine plays a busy downstream and compares the rate of its events
// with that of a bare heap: pop the earliest event, push it back later, at as
// many pending events as the run has. "ratio" is what the engine keeps of that.
func BenchmarkEngine(b *testing.B) {
	for _, guard := range []string{"none", "fixed:1x", "aimd", "vegas", "knee", "knee+breaker"} {
		for _, servers := range []int{10, 200} {
			b.Run(fmt.Sprintf("guard=%s/servers=%d", guard, servers), func(b *testing.B) {
				sc := busy(servers)
				if strings.HasSuffix(guard, breakerSuffix) { // everything that production has
					sc.Retries = Retries{Count: 2}
					sc.Faults = []Fault{{Kind: Errors, Value: 0.02}}
				}
				kind, err := parseGuard(guard)
				require.NoError(b, err)
				b.ReportAllocs()
				var events uint64
				var engine, bare time.Duration
				for b.Loop() {
					start := time.Now()
					r, err := newRun(sc, kind)
					require.NoError(b, err)
					res, err := r.play(context.Background(), 0)
					require.NoError(b, err)
					engine += time.Since(start)
					events += res.Events
					b.StopTimer()
					bare += hold(pending(servers), int(res.Events)) // in turn, so that both meet the same machine
					b.StartTimer()
				}
				b.ReportMetric(float64(events)/engine.Seconds()/1e6, "Mevents/s")
				b.ReportMetric(float64(bare)/float64(engine), "ratio")
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

// pending is how many events are planned on average while busy(servers) runs: a
// time-out for each call of the last two seconds, whether it still matters or not,
// an end of service for each busy server, an arrival and the end of a bin.
func pending(servers int) int { return int(0.8*float64(servers)/0.05*2+0.8*float64(servers)) + 2 }

// hold is how long a heap that holds n takes for so many rounds.
func hold(n, rounds int) time.Duration {
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
	return time.Since(start)
}
