package simulate

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/internal/raced"
)

func overload() *Scenario {
	sc := simple(600, 20, 60*time.Second)
	sc.Timeout = 2 * time.Second
	return sc
}

func compare(t *testing.T, sc *Scenario, guards ...string) map[string]*Result {
	t.Helper()
	rep, err := (&Runner{Guards: guards}).Compare(context.Background(), sc)
	require.NoError(t, err)
	out := map[string]*Result{}
	for _, r := range rep.Results {
		out[r.Guard] = r
	}
	return out
}

func TestTheOracleScoresOneAndNoLimitCollapses(t *testing.T) {
	raced.Spare(t)
	got := compare(t, overload(), "none", "fixed:0.5x", "fixed:1x", "fixed:2x", "fixed:20")
	require.Equal(t, 1.0, got["oracle"].Score)
	require.Contains(t, multiples, got["oracle"].Oracle)
	require.Less(t, got["none"].Score, 0.1)
	require.InDelta(t, 0.5, got["fixed:0.5x"].Score, 0.05)
	require.Greater(t, got["fixed:1x"].Score, 0.9)
	require.Equal(t, got["fixed:1x"].Score, got["fixed:20"].Score)
	require.Greater(t, got["fixed:2x"].Goodput, got["fixed:1x"].Goodput)
	require.Less(t, got["fixed:2x"].Score, got["fixed:1x"].Score, "latency costs")
}

func TestTheOracleFollowsTheServers(t *testing.T) {
	sc := overload()
	sc.Downstream.Servers = []Step{{0, 20}, {20 * time.Second, 5}, {40 * time.Second, 40}}
	o := compare(t, sc, "none")["oracle"]
	require.InDelta(t, 20*o.Oracle, o.Series.Limit[40], 0.51)
	require.InDelta(t, 5*o.Oracle, o.Series.Limit[120], 0.51)
	require.InDelta(t, 40*o.Oracle, o.Series.Limit[200], 0.51)
}

func TestScoreDiscountsOnlyLatencyAboveAQuarterMore(t *testing.T) {
	o := &Result{Goodput: 100, Latency: Quantiles{P50: 0.1, P99: 0.4}}
	score := func(goodput, p50, p99 float64) float64 {
		r := &Result{Goodput: goodput, Latency: Quantiles{P50: p50, P99: p99}}
		r.judge(&Scenario{}, o)
		return r.Score
	}
	require.Equal(t, 1.0, score(120, 0.05, 0.1))
	require.Equal(t, 1.0, score(100, 0.11, 0.45))
	require.Equal(t, 1.0, score(100, 0.125, 0.5))
	require.InDelta(t, 0.5, score(50, 0.1, 0.4), 1e-12)
	require.InDelta(t, 0.871, score(100, 0.25, 0.4), 0.001)
	require.InDelta(t, 0.436, score(100, 1, 4), 0.001, "ten times both")
	require.Zero(t, score(0, 0, 0))
}

func TestAnOracleIsSearchedOnceForEachSeed(t *testing.T) {
	r := &Runner{Guards: []string{"none"}}
	sc := simple(100, 5, 5*time.Second)
	a, err := r.Compare(context.Background(), sc)
	require.NoError(t, err)
	renamed := *sc
	renamed.Name, renamed.Guards = "other", []string{"aimd"}
	b, err := r.Compare(context.Background(), &renamed)
	require.NoError(t, err)
	require.Same(t, a.Results[1], b.Results[1])
	require.Equal(t, a.Hash, b.Hash)
	sc.Timeout = time.Second
	c, err := r.Compare(context.Background(), sc)
	require.NoError(t, err)
	require.NotEqual(t, a.Hash, c.Hash)
	require.NotSame(t, a.Results[1], c.Results[1])
}

func TestAnOracleOfAnotherProcessIsPlayedAndNotSearchedFor(t *testing.T) {
	raced.Spare(t)
	sc := overload()
	first := &Runner{}
	want, err := first.Run(context.Background(), sc, "fixed:20")
	require.NoError(t, err)
	found := first.Found()
	require.Len(t, found, 1)
	f := found[sc.with(1).Hash()]
	require.Contains(t, multiples, f.Multiple)

	second := &Runner{}
	second.Recall(found)
	got, err := second.Run(context.Background(), sc, "fixed:20")
	require.NoError(t, err)
	require.Equal(t, want, got)

	// One that only another simulator can have found is searched for again.
	for _, wrong := range []Found{{f.Multiple, f.Goodput + 1, f.P50, f.P99}, {3, f.Goodput, f.P50, f.P99}} {
		third := &Runner{}
		third.Recall(map[string]Found{sc.with(1).Hash(): wrong})
		got, err = third.Run(context.Background(), sc, "fixed:20")
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, found, third.Found())
	}
}

func TestEachSeedIsPlayedWithItself(t *testing.T) {
	sc := simple(100, 5, 5*time.Second)
	rep, err := (&Runner{Guards: []string{"fixed:4", "oracle", "none"}, Seeds: []uint64{3, 9}}).Compare(context.Background(), sc)
	require.NoError(t, err)
	require.Equal(t, []string{"fixed:4", "none", "oracle"}, rep.Guards())
	require.Equal(t, 5.0, rep.Right)
	for _, guard := range rep.Guards() {
		for i, res := range rep.Of(guard) {
			require.Equal(t, rep.Seeds[i], res.Seed)
			sc.Seed = rep.Seeds[i]
			require.Equal(t, play(t, sc, "none").Offered, res.Offered)
		}
	}
}

func TestConvergenceIsTheFirstOfThreeGoodBins(t *testing.T) {
	flat := func(x float64) []float64 {
		s := make([]float64, Bins)
		for i := range s {
			s[i] = x
		}
		return s
	}
	o := &Result{Series: Series{Bin: 1, Goodput: flat(100), Mean: flat(0.1)}}
	r := &Result{Series: Series{Bin: 1, Goodput: flat(100), Mean: flat(0.1)}}
	for i := 60; i < 70; i++ {
		r.Series.Goodput[i] = 80
	}
	r.Series.Goodput[65], r.Series.Goodput[66] = 90, 90 // two are not enough
	for i := 70; i < 75; i++ {
		r.Series.Mean[i] = 0.2
	}
	sc := &Scenario{Duration: 240 * time.Second, Changes: []time.Duration{60 * time.Second, 100500 * time.Millisecond, 200 * time.Second}}
	for i := 200; i < Bins; i++ {
		r.Series.Goodput[i] = 0
	}
	r.judge(sc, o)
	require.Len(t, r.Changes, 3)
	require.Equal(t, 15.0, *r.Changes[0].Took)
	require.Equal(t, 0.5, *r.Changes[1].Took, "bins begin at whole seconds")
	require.Nil(t, r.Changes[2].Took)
}

func TestUnrepeatableLawsAreMarked(t *testing.T) {
	sc := simple(100, 5, 2*time.Second)
	got := compare(t, sc, "corelimit/vegas", "corelimit/gradient-win", "corelimit/aimd", "vegas")
	require.False(t, got["corelimit/vegas"].Repeatable)
	require.False(t, got["corelimit/gradient-win"].Repeatable)
	require.True(t, got["corelimit/aimd"].Repeatable)
	require.True(t, got["vegas"].Repeatable)
	require.True(t, got["oracle"].Repeatable)
}

func TestGuardsAreKnownByName(t *testing.T) {
	for _, name := range []string{"none", "breaker", "nested", "chained", "coupled", "fixed:20", "fixed:0.5x", "aimd:backoff=0.8", "vegas+breaker", "fixed:2x+breaker", "corelimit/vegas+breaker", "none+breaker"} {
		g, err := parseGuard(name)
		require.NoError(t, err, name)
		require.Equal(t, name, g.name)
	}
	for _, name := range []string{"", "vega", "fixed:0x", "fixed:-1x", "fixed:NaNx", "fixed:x", "corelimit/nope", "coupled+breaker+breaker", "oraclex"} {
		_, err := parseGuard(name)
		require.Error(t, err, name)
	}
}

// A hang: only time-outs come back. The breaker opens, and the coupled limiter
// sends fewer calls into the void than the limiter alone.
func TestACoupledBreakerCutsAHangShort(t *testing.T) {
	raced.Spare(t)
	sc := simple(480, 20, 90*time.Second)
	sc.Timeout = 2 * time.Second
	sc.Faults = []Fault{{Kind: Blackhole, Value: 1, At: 30 * time.Second, For: 20 * time.Second}}
	got := compare(t, sc, "fixed:1x", "fixed:1x+breaker", "vegas", "chained")
	require.Less(t, got["fixed:1x+breaker"].TimedOut, got["fixed:1x"].TimedOut)
	require.Positive(t, got["fixed:1x+breaker"].RejectedFor["breaker open"])
	require.Zero(t, got["fixed:1x"].RejectedFor["breaker open"])
	require.Positive(t, got["chained"].RejectedFor["breaker open"])
}
