package simulate

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// handmade is a run of two minutes in bins of half a second: 100 calls offered a
// second, of them goodput served, the others rejected, the limit 10 throughout.
func handmade(guard string, seed uint64, goodput float64) *Result {
	r := &Result{
		Guard: guard, Seed: seed, Repeatable: guard != "corelimit/vegas", Goodput: goodput, Score: goodput / 100, Offered: 12_000,
		Served: uint64(120 * goodput), Rejected: 12_000 - uint64(120*goodput), Admitted: uint64(120 * goodput),
		Limit: &Level{Min: 10, Max: 10, Mean: 10, Mode: 10}, Latency: Quantiles{Count: 1, P99: 0.2},
		Series: Series{Bin: 0.5},
	}
	for range Bins {
		s := &r.Series
		s.Offered = append(s.Offered, 100)
		s.Goodput = append(s.Goodput, goodput)
		s.Rejected = append(s.Rejected, 100-goodput)
		s.Refused = append(s.Refused, 0)
		s.Late = append(s.Late, 0)
		s.Limit = append(s.Limit, 10)
		s.InFlight = append(s.InFlight, 5)
		s.Queue = append(s.Queue, 0)
		s.Mean = append(s.Mean, 0.1)
	}
	return r
}

func put(values []float64, from, to int, x float64) {
	for i := from; i < to; i++ {
		values[i] = x
	}
}

// judged is what becomes of one line for the guard vegas.
func judged(t *testing.T, line string, seeds []uint64, results ...*Result) Verdict {
	t.Helper()
	sc, err := Parse("s.yaml", []byte(checked+"- "+line+"\n"))
	require.NoError(t, err)
	verdicts, err := Check(sc, &Report{Scenario: "s", Hash: sc.Hash(), Seeds: seeds, Results: results})
	require.NoError(t, err)
	require.Len(t, verdicts, 1)
	return verdicts[0]
}

func TestClaimsAreHeldAgainstNumbers(t *testing.T) {
	run, oracle := handmade("vegas", 1, 80), handmade("oracle", 1, 100)
	put(run.Series.Goodput, 160, 240, 60) // from 80 s on
	put(run.Series.Rejected, 160, 240, 40)
	put(run.Series.Goodput, 120, 170, 0) // the fault, and 5 s of recovery
	put(run.Series.Goodput, 170, 240, 90)
	put(run.Series.Limit, 120, 160, 30)
	put(run.Series.Limit, 160, 240, 20)
	run.Windows = []Window{{From: 60, To: 120, Latency: Quantiles{Count: 3, P99: 0.4}}}
	run.Wasted, run.Admitted, run.RTT = 2400, 15_000, Quantiles{Count: 1}
	for _, c := range []struct {
		line  string
		holds bool
		says  string
	}{
		{"score >= 0.8", true, "vegas: score >= 0.8: holds, 80%"},
		{"score >= 0.81", false, "vegas: score >= 0.81: seed 1 has 80%, below 81%"},
		{"p99 <= 200ms", true, "holds, 200ms"},
		{"p99 <= 199ms", false, "seed 1 has 200ms, above 199ms"},
		{"p99 <= 399ms after 60s", false, "seed 1 has 400ms, above 399ms"},
		{"p50 <= 1s after 100s", false, "seed 1 has no such value"},
		{"rtt.p99 <= 1x", false, "seed 1 has no such value"}, // the oracle has none
		{"goodput >= 0.8 of oracle", true, "holds, 80/s"},
		{"goodput >= 0.9x", false, "seed 1 has 80/s, below 90/s"},
		{"goodput in 0.7x..0.8x", true, "holds, 80/s"},
		{"goodput <= 70 after 85s", false, "seed 1 has 90/s, above 70/s"},
		{"goodput <= 0 during 60s..80s", true, "holds, 0/s"},
		{"rejected <= 20%", true, "holds, 20%"},
		{"rejected <= 20% after 80s", false, "seed 1 has 40%, above 20%"},
		{"limit.mean in 9..12 during 20s..60s", true, "holds, 10"},
		{"limit.mean in 9..12 during 59s..61s", false, "seed 1 has 20, above 12"},
		{"limit.mean in 0.9..1.1 of oracle after 80s", false, "seed 1 has 20, above 11"},
		{"amplification <= 1.2", false, "seed 1 has 1.25, above 1.2"},
		{"wasted <= 25%", true, "holds, 20%"},
		{"recovers within 5s of 80s", true, "holds, 5s"},
		{"recovers within 4900ms of fault[0].end", false, "seed 1 has 5s, above 4.9s"},
		{"vegas: recovers within 25s of fault[0].start", true, "vegas: recovers within 25s of fault[0].start: holds, 25s"},
		{"overshoot <= 50% after 60s", true, "holds, 0.5"},
		{"oscillation <= 0", false, "above 0"},
		{"queue.max <= 40", true, "holds, 0"},
	} {
		v := judged(t, c.line, []uint64{1}, run, oracle)
		require.Equal(t, c.holds, v.Holds, c.line)
		require.Contains(t, v.String(), c.says)
	}
}

func TestRecoveryThatNeverCameFails(t *testing.T) {
	run := handmade("vegas", 1, 80)
	v := judged(t, "recovers within 2m of 0s", []uint64{1}, run, handmade("oracle", 1, 100))
	require.False(t, v.Holds)
	require.Equal(t, "vegas: recovers within 2m of 0s: seed 1 never did", v.String())
}

func TestAGuardWithoutALimitHasNoLimitToClaim(t *testing.T) {
	run := handmade("vegas", 1, 80)
	run.Limit, run.Series.Limit = nil, []float64{}
	for _, line := range []string{"limit.mean >= 0", "limit.mean >= 0 after 60s", "oscillation >= 0", "oscillation >= 0 after 60s", "overshoot >= 0 after 60s"} {
		require.False(t, judged(t, line, []uint64{1}, run, handmade("oracle", 1, 100)).Holds, line)
	}
}

func TestAMajorityOfTheFirstSeedsIsEnough(t *testing.T) {
	var seeds []uint64
	var results, oracles []*Result
	for i := range 20 {
		seed := uint64(i + 1)
		goodput := 90.0
		if i == 4 || i == 17 {
			goodput = 70
		}
		seeds = append(seeds, seed)
		results = append(results, handmade("vegas", seed, goodput))
		oracles = append(oracles, handmade("oracle", seed, 100))
	}
	results = append(results, oracles...)
	for line, want := range map[string]string{
		"score >= 0.8 for 18 of 20 seeds": "holds for 18 of 20 seeds, 88% ± 2.881%",
		"score >= 0.8 for 19 of 20 seeds": "held for 18 of 20 seeds, not 19; seed 5 has 70%, below 80%, seed 18 has 70%, below 80%",
		"score >= 0.8 for 4 of 4 seeds":   "holds for 4 of 4 seeds, 90% ± 0%",
		"score >= 0.8":                    "held for 18 of 20 seeds, not 20; ",
		"score >= 0.95":                   "seed 5 has 70%, below 95% and 15 more",
	} {
		v := judged(t, line, seeds, results...)
		require.Equal(t, strings.HasPrefix(want, "holds"), v.Holds, line)
		require.Contains(t, v.String(), want)
	}
}

func TestAVerdictThatMayDifferSaysSo(t *testing.T) {
	sc, err := Parse("s.yaml", []byte(strings.Replace(checked, "vegas,", "corelimit/vegas,", 1)+"- score >= 0.9\n"))
	require.NoError(t, err)
	verdicts, err := Check(sc, &Report{Hash: sc.Hash(), Seeds: []uint64{1}, Results: []*Result{handmade("corelimit/vegas", 1, 80), handmade("oracle", 1, 100)}})
	require.NoError(t, err)
	require.False(t, verdicts[0].Repeatable)
	require.Equal(t, "corelimit/vegas (not repeatable): score >= 0.9: seed 1 has 80%, below 90%", verdicts[0].String())
}

func TestWhatCannotBeJudgedIsAnError(t *testing.T) {
	sc, err := Parse("s.yaml", []byte(checked+"- score >= 0.8 for 1 of 2 seeds\n"))
	require.NoError(t, err)
	run, oracle := handmade("vegas", 1, 80), handmade("oracle", 1, 100)
	one := []uint64{1}
	for want, rep := range map[string]*Report{
		"is of another scenario":    {Seeds: one, Results: []*Result{run, oracle}},
		"needs 2 seeds, but 1 ran":  {Hash: sc.Hash(), Seeds: one, Results: []*Result{run, oracle}},
		"has 1 runs of vegas for 2": {Hash: sc.Hash(), Seeds: []uint64{1, 2}, Results: []*Result{run, oracle, oracle}},
		"no oracle for seed 2":      {Hash: sc.Hash(), Seeds: []uint64{1, 2}, Results: []*Result{run, handmade("vegas", 2, 80), oracle}},
	} {
		_, err := Check(sc, rep)
		require.ErrorContains(t, err, want)
	}
}

func TestWindowsOfOneRunAddUp(t *testing.T) {
	sc, err := Parse("s.yaml", []byte(checked+"- p99 <= 1s during 0s..60s\n- latency.mean <= 1s after 60s\n- p50 <= 1s during 10100ms..119900ms\n- p50 <= 1s after 0s\n"))
	require.NoError(t, err)
	r := play(t, sc, "vegas")
	require.Len(t, r.Windows, 4)
	first, second, inner, all := r.Windows[0], r.Windows[1], r.Windows[2], r.Windows[3]
	require.Equal(t, []float64{10.5, 119.5}, []float64{inner.From, inner.To}, "whole bins only")
	require.Equal(t, r.Latency, all.Latency)
	require.Equal(t, r.Latency.Count, first.Latency.Count+second.Latency.Count)
	require.Equal(t, r.Latency.Max, max(first.Latency.Max, second.Latency.Max))
	sum := first.Latency.Mean*float64(first.Latency.Count) + second.Latency.Mean*float64(second.Latency.Count)
	require.InEpsilon(t, r.Latency.Mean, sum/float64(r.Latency.Count), 1e-9)
	require.Greater(t, second.Latency.P99, 2*first.Latency.P99, "the brownout is in the second half")
}

func TestAScenarioIsCheckedFromFileToVerdict(t *testing.T) {
	sc, err := Parse("s.yaml", []byte(checked+"- vegas: goodput >= 0.5x after 20s\n- 'oracle: score >= 1'\n- goodput >= 2x for 1 of 2 seeds\n- fixed:1x: rejected <= 0.01%\n"))
	require.NoError(t, err)
	rep, err := (&Runner{Seeds: sc.Seeds(2)}).Compare(context.Background(), sc)
	require.NoError(t, err)
	verdicts, err := Check(sc, rep)
	require.NoError(t, err)
	var got []string
	for _, v := range verdicts {
		got = append(got, fmt.Sprint(v.Assertion, " ", v.Guard, " ", v.Holds))
	}
	require.Equal(t, []string{"0 vegas true", "1 oracle true", "2 vegas false", "2 fixed:1x false", "3 fixed:1x false"}, got)
	_, err = json.Marshal(verdicts)
	require.NoError(t, err)
}

func TestEveryMetricIsInItsDocument(t *testing.T) {
	doc, err := os.ReadFile("../docs/metrics.md")
	require.NoError(t, err)
	named := map[string]bool{}
	for line := range strings.Lines(string(doc)) {
		cells := strings.Split(line, "|")
		if len(cells) < 5 {
			continue
		}
		for i, part := range strings.Split(cells[1], "`") {
			if i%2 == 1 {
				named[part] = true
			}
		}
	}
	want := map[string]bool{"recovers": true}
	for _, name := range MetricNames() {
		want[name] = true
	}
	require.Equal(t, want, named)
}

func TestMetricsOfAResultAreKnownByName(t *testing.T) {
	r := handmade("vegas", 1, 80)
	x, err := r.Metric("rejected")
	require.NoError(t, err)
	require.InDelta(t, 0.2, x, 1e-12)
	_, err = r.Metric("rtt.p50")
	require.EqualError(t, err, "simulate: guard vegas at seed 1 has no rtt.p50")
	_, err = r.Metric("p98")
	require.ErrorContains(t, err, `unknown metric "p98", must be one of score, `)
	for _, m := range metrics {
		if x, ok := m.of(r); ok {
			require.False(t, math.IsNaN(x), m.name)
		}
	}
}
