package doctor

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/breaker"
	"github.com/flyball-go/flyball/internal/raced"
)

func examine(t *testing.T, c *Chart) *Report {
	t.Helper()
	r, err := Examine(context.Background(), c)
	require.NoError(t, err)
	return r
}

func chart(t *testing.T, name string) *Chart {
	t.Helper()
	c, err := Load(filepath.Join("testdata", name+".yaml"), "")
	require.NoError(t, err)
	return c
}

func faults(r *Report) []Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return !f.Fault() })
}

// Every file of testdata has one planted fault; healthy has none.
func TestEveryPlantedFaultIsFoundWithItsArithmetic(t *testing.T) {
	raced.Spare(t)
	planted := map[string]struct {
		want string
		mend func(c *Chart)
	}{
		"consecutive-decays": {
			"gobreaker.consecutive-failures: never fires: 20 failures in a row are wanted, but at the quietest time of 0.5 calls/s an interval of 30s holds 16 at most, and then the window forgets older ones, consecutive failures too; interval 0, or at least 40s; or breaker.consecutive of this library, which no window clears",
			func(c *Chart) { c.Gobreaker.Interval = 40 * time.Second },
		},
		"volume-above-traffic": {
			"breaker.min-volume: never fires: 0.5 calls/s at the quietest time × a window of 10s = 5 results, below 20: no share of failures is ever judged then; min-volume of at most 5, or a window of 40s",
			func(c *Chart) { c.Breaker.MinVolume = 5 },
		},
		"open-shorter-than-recovery": {
			"breaker.open: contradicts: open times grow from 1s to 4s, below the 10s that the downstream takes to come back: 3 phases of probes meet it before it is up, one every 4s at the end; max of at least 10s",
			func(c *Chart) { c.Breaker.Open.Max = 10 * time.Second },
		},
		"queue-longer-than-deadline": {
			"limiter.queue: contradicts: 5000 places ÷ 128 calls/s (64 of capacity ÷ 10 replicas ÷ 50ms) = 39.1s for the last in line, above the deadline of 1s less 50ms for the call; at most 121",
			func(c *Chart) { c.Limiter.Queue = 121 },
		},
		"wait-longer-than-deadline": {
			"limiter.max-wait: contradicts: 2s + 50ms of latency = 2.05s, above the deadline of 1s: who waited that long is answered too late; at most 950ms",
			func(c *Chart) { c.Limiter.MaxWait = 950 * time.Millisecond },
		},
		"floor-above-capacity": {
			"limiter.min: contradicts: 8 × 10 replicas = 80, above the capacity of 64: with all limits at their floor the downstream is still overloaded, and no law can go lower; min of at most 6",
			func(c *Chart) { c.Limiter.Min = 6 },
		},
		"slow-below-latency": {
			"breaker.slow-after: oscillates: 20ms is not above the usual latency of 50ms without any load: at least half of the calls are slow with nothing wrong, and slow-rate 0.5 trips for ever; well above 50ms",
			func(c *Chart) { c.Breaker.SlowAfter = 400 * time.Millisecond },
		},
		"envelope-below-latency": {
			"expected.p99: contradicts: 20ms is below the usual latency of 50ms without any load: reality is always outside of the envelope; above 50ms, or tune again",
			func(c *Chart) { c.Expected.P99 = 200 * time.Millisecond },
		},
		"limit-above-pool": {
			"limiter.max: contradicts: 200 is above the client's pool of 32 connections: the calls above wait in the client for a connection, and the limiter takes that for a slow downstream; at most 32, or a larger pool",
			func(c *Chart) { c.Limiter.Max = 32 },
		},
		"fixed-above-pool": {
			"limiter.law: contradicts: fixed:50 is above the client's pool of 32 connections: the calls above wait in the client for a connection, and the limiter takes that for a slow downstream; at most 32, or a larger pool",
			func(c *Chart) { c.Limiter.Law = "fixed:6" },
		},
		"probes-below-latency": {
			"breaker.probe-within: can wedge: 10ms is below the usual latency of 50ms: probes of a healthy downstream are late, and the breaker never closes; above 1s",
			func(c *Chart) { c.Breaker.ProbeWithin = time.Second },
		},
		"consecutive-too-many": {
			"breaker.consecutive: never fires: 100 failures ÷ 0.5 calls/s at the quietest time = 3m20s, above the 30s of the shortest outage that counts; at most 15",
			func(c *Chart) { c.Breaker.Consecutive = 5 },
		},
	}
	files, err := filepath.Glob("testdata/*.yaml")
	require.NoError(t, err)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		c := chart(t, name)
		r := examine(t, c)
		p, is := planted[name]
		if name == "healthy" {
			require.True(t, r.Healthy, "%v", faults(r))
			continue
		}
		require.True(t, is, "%s has no fault in this test", name)
		delete(planted, name)
		require.False(t, r.Healthy, name)
		var said []string
		for _, f := range faults(r) {
			said = append(said, f.String())
		}
		assert.Contains(t, said, p.want)
		p.mend(c)
		assert.Empty(t, faults(examine(t, c)), "%s, mended", name)
	}
	require.Empty(t, planted, "no such files")
}

func TestOutagesShowWhatArithmeticFinds(t *testing.T) {
	raced.Spare(t)
	seen := func(name, where string) (kinds []Kind) {
		for _, f := range faults(examine(t, chart(t, name))) {
			if f.Where == where {
				kinds = append(kinds, f.Kind)
			}
		}
		return kinds
	}
	require.Contains(t, seen("volume-above-traffic", "quiet time"), NeverFires)
	require.Contains(t, seen("consecutive-too-many", "quiet time"), NeverFires)
	require.Contains(t, seen("probes-below-latency", "errors"), Wedges)
	require.Contains(t, seen("slow-below-latency", "healthy"), Oscillates)
}

func TestEveryOutageIsPlayed(t *testing.T) {
	raced.Spare(t)
	r := examine(t, chart(t, "healthy"))
	var names []string
	for _, o := range r.Outages {
		names = append(names, o.Name)
		require.Positive(t, o.Before, o.Name)
		require.Greater(t, o.After, wedgedAt*o.Before, o.Name)
		require.True(t, o.Closed, o.Name)
		require.NotNil(t, o.Back, o.Name)
		if o.Name == "errors" || o.Name == "hang" || o.Name == "quiet time" {
			require.NotNil(t, o.Tripped, o.Name)
			require.Contains(t, o.String(), "opens after")
		}
	}
	require.Equal(t, []string{"healthy", "cold start", "errors", "hang", "slow-down", "flapping", "quiet time"}, names)
}

func TestTheSameChartGivesTheSameReport(t *testing.T) {
	a, err := json.Marshal(examine(t, chart(t, "slow-below-latency")))
	require.NoError(t, err)
	b, err := json.Marshal(examine(t, chart(t, "slow-below-latency")))
	require.NoError(t, err)
	require.Equal(t, string(a), string(b))
}

func TestDefaultsAreNoFaults(t *testing.T) {
	raced.Spare(t)
	for _, e := range []Environment{
		{Traffic: 40, Capacity: 64, Latency: 50 * time.Millisecond, Deadline: time.Second},
		{Traffic: 40, Quiet: 0.2, Replicas: 10, Capacity: 64, Latency: 50 * time.Millisecond, Deadline: time.Second, Pool: 32, Recovery: time.Minute},
		{Traffic: 0.2, Capacity: 20, Latency: 20 * time.Second, Deadline: 5 * time.Minute},
		{Traffic: 20_000, Replicas: 3, Capacity: 200, Latency: 2 * time.Millisecond, Deadline: 100 * time.Millisecond},
	} {
		for _, b := range []*breaker.Config{nil, {}} {
			r := examine(t, &Chart{Environment: e, Breaker: b})
			require.True(t, r.Healthy, "%+v: %v", e, faults(r))
		}
	}
}

func TestBusyTrafficIsPlayedInPart(t *testing.T) {
	raced.Spare(t)
	e := Environment{Traffic: 50_000, Replicas: 20, Capacity: 4000, Latency: 2 * time.Millisecond, Deadline: 100 * time.Millisecond}
	s := (&Chart{Environment: e}).set(trials[0])
	require.Less(t, s.share, 0.2)
	calls := s.sc.Load[0].Rate.Value * s.sc.Duration.Seconds()
	require.InDelta(t, mostPlayed, calls, mostPlayed/10)
	require.NoError(t, s.sc.Validate())
	load := s.sc.Load[0].Rate.Value * 0.002 / float64(s.sc.Downstream.Servers[0].Servers)
	require.InDelta(t, 50_000*20*0.002/4000, load, 0.05)
}

func TestExamineStopsWhenItIsTold(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Examine(ctx, chart(t, "healthy"))
	require.ErrorIs(t, err, context.Canceled)
}

// The tuner may well begin above the capacity: the queue that comes of it is a fault
// only if it is longer than callers wait.
func TestAFirstLimitIsAFaultOnlyIfItsQueueOutlivesTheDeadline(t *testing.T) {
	for initial, kind := range map[int]Kind{16: Note, 130: Contradicts} { // 160 × 50 ms ÷ 64 = 125 ms, 1300 … 1.02 s
		c := chart(t, "healthy")
		c.Limiter.Initial, c.Limiter.Max = initial, 200
		var f findings
		c.limits(&f)
		i := slices.IndexFunc(f, func(f Finding) bool { return f.Where == "limiter.initial" })
		require.GreaterOrEqual(t, i, 0)
		require.Equal(t, kind, f[i].Kind, f[i])
	}
}
