package speed

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// output is of so many rounds in which every contender takes 100 ns, but those that f
// knows more of.
func output(rounds int, f func(round int, contender string) string) string {
	var b strings.Builder
	b.WriteString("goos: linux\ngoarch: amd64\ncpu: Slow One\n")
	line := func(name, values string) { fmt.Fprintf(&b, "Benchmark%s-2 \t1000\t %s\n", name, values) }
	need := map[string][]string{}
	for _, part := range sections {
		for _, w := range part.all {
			for _, c := range []string{w.over, w.less, w.under} {
				if c != "" {
					need[w.group] = add(need[w.group], c)
				}
			}
		}
	}
	for _, c := range contests {
		for _, one := range append([]string{c.ours}, c.rivals...) {
			need[c.group] = add(need[c.group], one)
		}
	}
	names := map[string][]string{
		"admit": {"Admit/serial", "Admit/procs=2", "Admit/x64"}, "reject": {"Reject/serial"}, "contended": {"Contended/yield"},
		"breaker": {"Breaker/serial"}, "pool": {"Pool/empty,workers=2"}, "pool-20us": {"Pool/20us,workers=2"},
	}
	for round := range rounds {
		for _, g := range groups {
			for _, name := range names[g.name] {
				for _, c := range need[g.name] {
					values := f(round, c)
					if values == "" {
						values = "100 ns/op 0 B/op 0 allocs/op"
					}
					if g.name == "contended" {
						values += " 1.05 max/min"
					}
					line(name+"/"+c, values)
				}
			}
		}
	}
	return b.String()
}

func measured(t *testing.T, rounds int, f func(int, string) string) *Measured {
	t.Helper()
	m, err := read(strings.NewReader(output(rounds, f)))
	require.NoError(t, err)
	return m
}

func TestRatiosAreToTheSameRound(t *testing.T) {
	// The machine is twice as slow in each round as in the one before.
	m := measured(t, 6, func(round int, c string) string {
		ns := 100 * math.Pow(2, float64(round))
		switch c {
		case "flyball_try":
			ns *= 1.5
		case "flyball_permit":
			ns *= 0.25
		}
		return fmt.Sprintf("%f ns/op", ns)
	})
	require.Equal(t, 6, m.Rounds)
	require.Equal(t, "linux, amd64, Slow One", m.Machine)
	e, err := m.ratio("admit", "serial", "flyball_try", "", "ref_c2")
	require.NoError(t, err)
	require.Equal(t, estimate{1.5, 1.5, 1.5}, e)
	e, err = m.ratio("pool", "workers=2", "flyball_go_adaptive", "flyball_permit", "pond_go")
	require.NoError(t, err)
	require.Equal(t, estimate{0.75, 0.75, 0.75}, e)
	_, err = m.ratio("admit", "serial", "flyball_try", "", "nobody")
	require.EqualError(t, err, "admit: nobody, serial was not measured")
}

// Of n independent values fewer than k are below the median with the probability that
// fewer than k of n coins fall on one side.
func TestAnIntervalIsOfRanks(t *testing.T) {
	choose := func(n, k int) float64 {
		c := 1.0
		for i := range k {
			c *= float64(n-i) / float64(i+1)
		}
		return c
	}
	for n := LeastRounds; n <= 40; n++ {
		values := make([]float64, n)
		for i := range values {
			values[i] = float64(i + 1)
		}
		e := estimateOf(values)
		outside := 0.0
		for k := range n + 1 {
			if float64(k) < e.low || float64(k) >= e.high {
				outside += choose(n, k) / math.Pow(2, float64(n))
			}
		}
		require.LessOrEqual(t, outside, 1-confidence, "%d rounds: %+v", n, e)
	}
	require.Equal(t, estimate{6.5, 3, 10}, estimateOf([]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}))
	e := estimateOf(make([]float64, LeastRounds-1))
	require.True(t, math.IsInf(e.low, -1) || math.IsInf(e.high, 1))
}

func TestABoundWithinTheIntervalIsLeftOpen(t *testing.T) {
	for _, c := range []struct {
		least bool
		e     estimate
		want  string
	}{
		{false, estimate{1.3, 1.2, 1.4}, "met"},
		{false, estimate{1.3, 1.2, 1.5}, "met"},
		{false, estimate{1.6, 1.51, 1.7}, "missed"},
		{false, estimate{1.4, 1.3, 1.6}, "open"},
		{false, estimate{1.6, 1.4, 1.7}, "open"},
		{true, estimate{1.6, 1.5, 1.7}, "met"},
		{true, estimate{1.3, 1.2, 1.4}, "missed"},
		{true, estimate{1.6, 1.4, 1.7}, "open"},
	} {
		require.Equal(t, c.want, wanted{least: c.least, bound: 1.5}.verdict(c.e), "%+v", c)
	}
	require.Equal(t, "ahead", outcome(estimate{0.8, 0.7, 0.9}))
	require.Equal(t, "even", outcome(estimate{0.8, 0.7, 1.1}))
	require.Equal(t, "behind", outcome(estimate{1.2, 1.1, 1.3}))
}

func TestOneRunAnswersEveryFigure(t *testing.T) {
	m := measured(t, 6, func(round int, c string) string {
		switch c {
		case "flyball_try":
			return fmt.Sprintf("%d ns/op 0 B/op 0 allocs/op", 148+round)
		case "flyball_submit":
			return "90 ns/op 200 B/op 2 allocs/op"
		}
		return ""
	})
	text, err := m.Judge("league speed -rounds 6")
	require.NoError(t, err)
	require.Contains(t, text, "Made by `league speed -rounds 6` in 6 rounds on linux, amd64, Slow One.\n")
	require.Contains(t, text, "- TryAcquire and Done, every call timed, serial, `flyball_try / ref_c2`: wanted <= 1.35, is 1.50 [1.48, 1.53]: missed\n")
	require.Contains(t, text, "- times that failsafe-go takes, as shipped, x64, `failsafe_try / flyball_sampled`: wanted >= 3.00, is 1.00: missed\n")
	require.Contains(t, text, "- Go, an adaptive limit, without one permit, workers=2, `(flyball_go_adaptive − flyball_permit) / pond_go`: wanted <= 1.20, is 0.00: met\n")
	require.Contains(t, text, "- the luckiest goroutine's share to the unluckiest's, yield, `flyball`: wanted <= 1.10, is 1.05: met\n")
	require.Contains(t, text, "- allocations of a task with a result, workers=2, `flyball_submit`: wanted <= 1.00, is 2.00: missed\n")
	require.Contains(t, text, "| pond_submit | 0.90 ahead |\n")
	require.Contains(t, text, "| failsafe_try | 1.50 [1.48, 1.53] behind | 1.50 [1.48, 1.53] behind | 1.50 [1.48, 1.53] behind |\n")

	dir := t.TempDir()
	require.NoError(t, m.Write(dir, "league speed"))
	for _, g := range groups {
		require.FileExists(t, dir+"/"+g.name+".md")
	}
	table := m.table(groups[0], "league speed")
	require.Contains(t, table, "\n| | serial ns | /ref_c2 | procs=2 ns | /ref_c2 | x64 ns | /ref_c2 | B/op | allocs/op |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	require.Contains(t, table, "\n| ref_c2 | 100 | 1.00 | 100 | 1.00 | 100 | 1.00 | 0 | 0 |\n")
	require.Contains(t, m.table(groups[2], "league speed"), "| xsync_semaphore | 100 | 1.00 | 1.05 |\n")
}

func TestOutputThatLacksSomethingIsRefused(t *testing.T) {
	whole := output(6, func(int, string) string { return "" })
	for _, c := range []struct{ text, want string }{
		{"PASS\n", "nothing was measured for admit"},
		{strings.Replace(whole, "BenchmarkAdmit/serial/ref_c2-2 \t1000\t 100 ns/op 0 B/op 0 allocs/op\n", "", 1), "admit: ref_c2, serial has 5 samples, must have 6"},
		{strings.Replace(whole, "100 ns/op", "0 ns/op", 1), "has no ns/op in round 1"},
		{"BenchmarkAdmit-2 1 100 ns/op\n", "benchmark Admit-2 is not named for a mode and a contender"},
		{"BenchmarkAdmit/serial/ref_c2-2 1 fast ns/op\n", "benchmarks:1: parsing measurement"},
	} {
		_, err := read(strings.NewReader(c.text))
		require.ErrorContains(t, err, c.want)
	}
	m := measured(t, 6, func(int, string) string { return "" })
	delete(m.samples, series{"breaker", "serial", "breaker_open"})
	_, err := m.Judge("league speed")
	require.EqualError(t, err, "breaker: breaker_open, serial was not measured")
}

// The names of contenders stand here and in the benchmarks; this plays the real ones.
func TestWhatIsWantedIsWhatIsMeasured(t *testing.T) {
	m, err := Measure(context.Background(), Plan{Rounds: 1, Quick: true})
	require.NoError(t, err)
	_, err = m.Judge("league speed")
	require.NoError(t, err)
}
