package report_test

import (
	"bytes"
	"encoding/csv"
	"flag"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/cmd/flyball/internal/report"
	"github.com/flyball-go/flyball/simulate"
)

var update = flag.Bool("update", false, "write the golden files anew")

var escapes = regexp.MustCompile(`\x1b\[[0-9;]*m`)

func page(r *simulate.Report, sc *simulate.Scenario, color bool) string {
	var b bytes.Buffer
	report.Heading(&b, r, sc, report.Look{Color: color})
	report.Table(&b, r, report.Look{Color: color})
	report.Cost{Oracle: 700 * time.Millisecond, Guards: 1900 * time.Millisecond}.Write(&b, report.Look{}, r)
	b.WriteString("\n" + report.Overview(r, r.Of("vegas")[0], color).String())
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func width(text string) int {
	widest := 0
	for line := range strings.Lines(escapes.ReplaceAllString(text, "")) {
		widest = max(widest, utf8.RuneCountInString(strings.TrimRight(line, "\n")))
	}
	return widest
}

func TestPageLooksAsAgreed(t *testing.T) {
	r, sc := sample()
	golden(t, "page.txt", page(r, sc, false))
}

func TestColorChangesNoCharacter(t *testing.T) {
	r, sc := sample()
	colored := page(r, sc, true)
	require.Contains(t, colored, "\x1b[32mvegas")
	require.NotContains(t, page(r, sc, false), "\x1b")
	require.Equal(t, page(r, sc, false), escapes.ReplaceAllString(colored, ""))
}

func TestTableStaysWithinItsWidth(t *testing.T) {
	r, sc := sample()
	for _, res := range r.Results {
		if res.Guard == "corelimit/vegas" {
			res.Guard = "corelimit/gradient2"
		}
		res.Goodput, res.OfBest = 240_000, 12.34
		res.Latency.P50, res.Latency.P99 = 0.0000999, 299.4
		res.Failed, res.Refused = 7000, 2000
		if res.Limit != nil {
			res.Limit = &simulate.Level{Min: 1, Mean: 99_940, Max: 100_000}
		}
	}
	require.LessOrEqual(t, width(page(r, sc, false)), report.Width)
}

func TestFailuresHaveAColumnOnlyIfThereAreSome(t *testing.T) {
	r, sc := sample()
	require.NotContains(t, page(r, sc, false), "failed")
	r.Results[3].Failed, r.Results[3].Refused = 8_640, 8_640
	require.Regexp(t, `(?m)^guard .*  late  failed  limit`, page(r, sc, false))
	require.Regexp(t, `(?m)^aimd .* 20\.0% `, page(r, sc, false))
}

func TestBestIsTheLawOfTheHighestScore(t *testing.T) {
	r, _ := sample()
	require.Equal(t, "vegas", report.Best(r), "fixed:1x is a yardstick")
	r.Results[3].Score = r.Results[4].Score
	require.Equal(t, "aimd", report.Best(r), "the first of equals")
	r.Results = r.Results[:3]
	require.Empty(t, report.Best(r))
}

func TestNamesCannotCommandTheTerminal(t *testing.T) {
	r, sc := sample()
	r.Scenario, r.Description = "a\x1b]0;b\x07", "c\x1b[2Jd\ne"
	r.Results[3].Guard = "aimd\x1b[31m"
	out := page(r, sc, false)
	require.NotContains(t, out, "\x1b")
	require.NotContains(t, out, "\x07")
	require.Contains(t, out, "d e", "a line break is a space")
}

func TestNumbersKeepThreeDigits(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0", 7: "7 ns", 999: "999 ns", 50_000: "50 µs", 999_700: "1 ms", 52_340_000: "52.3 ms",
		999_499_999: "999 ms", 999_500_000: "1 s", 1_234_000_000: "1.23 s", 12_340_000_000: "12.3 s",
		180 * time.Second: "180 s", 3600 * time.Second: "3600 s", 4 * time.Hour: "4 h", -time.Second: "-1 s",
	} {
		require.Equal(t, want, report.Duration(d), int64(d))
	}
	for v, want := range map[float64]string{
		0: "0", 0.2: "0.2", 1: "1", 9.996: "10", 23.44: "23.4", 99.96: "100", 9994: "9994",
		9996: "10k", 12_340: "12.3k", 240_000: "240k", 3_050_000: "3.05M", 2e9: "2G",
	} {
		require.Equal(t, want, report.Count(v), v)
	}
}

func TestCSVHasALineForEachRunAndACellForEachHeading(t *testing.T) {
	r, _ := sample()
	r.Scenario = "=HYPERLINK(1)"
	var b bytes.Buffer
	require.NoError(t, report.CSV(&b, []*simulate.Report{r, r}))
	rows, err := csv.NewReader(&b).ReadAll() // refuses lines of different length
	require.NoError(t, err)
	require.Len(t, rows, 1+2*len(r.Results))
	require.Equal(t, "'=HYPERLINK(1)", rows[1][0])
	column := func(name string) int {
		for i, h := range rows[0] {
			if h == name {
				return i
			}
		}
		t.Fatalf("no column %s", name)
		return 0
	}
	vegas := rows[5]
	require.Equal(t, "vegas", vegas[column("guard")])
	require.Equal(t, "0.967", vegas[column("score")])
	require.Equal(t, "86400", vegas[column("offered")])
	require.Equal(t, "0.31", vegas[column("latency_p99")])
	require.Equal(t, "23.4", vegas[column("limit_mean")])
	require.Equal(t, "1234567", vegas[column("events")])
	require.Empty(t, rows[1][column("limit_mean")], "none has no limit")
}

func TestSeriesCSVHasALineForEachBin(t *testing.T) {
	r, _ := sample()
	var b bytes.Buffer
	require.NoError(t, report.SeriesCSV(&b, []*simulate.Report{r}))
	rows, err := csv.NewReader(&b).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+simulate.Bins*len(r.Results))
	require.Equal(t, "0.75", rows[2][3], "the second bin's start")
	require.Equal(t, "11.2", rows[2][5], "goodput")
}

func TestMatrixHasARowForEachScenarioAndWhatTheyComeTo(t *testing.T) {
	a, _ := sample()
	b, _ := sample()
	b.Scenario = "calm"
	b.Results[4].Score = 0.5                                         // vegas
	b.Results = append(b.Results[:5:5], b.Results[len(b.Results)-1]) // corelimit/vegas missed it
	var out bytes.Buffer
	report.Matrix(&out, []*simulate.Report{a, b}, "score", report.Look{})
	golden(t, "matrix.txt", out.String())
	out.Reset()
	report.Matrix(&out, []*simulate.Report{repeated(), repeated()}, "p99", report.Look{Columns: 80})
	golden(t, "matrix-p99.txt", out.String())
	require.LessOrEqual(t, width(out.String()), 80)
}

func TestEveryMetricHasAMatrix(t *testing.T) {
	r := repeated()
	for _, m := range simulate.MetricNames() {
		var out bytes.Buffer
		report.Matrix(&out, []*simulate.Report{r, r}, m, report.Look{})
		require.Contains(t, out.String(), "brownout", m)
		require.NotContains(t, out.String(), "Inf", m)
	}
}

// repeated is a sample of three seeds.
func repeated() *simulate.Report {
	var all *simulate.Report
	for seed := range uint64(3) {
		r, _ := sample()
		for _, res := range r.Results {
			res.Seed = seed + 1
			if res.Guard != "oracle" {
				res.Score -= 0.01 * float64(seed)
				res.Latency.P99 *= 1 + 0.1*float64(seed)
			}
		}
		if all == nil {
			all = r
			continue
		}
		all.Seeds = append(all.Seeds, seed+1)
		var results []*simulate.Result
		for _, g := range r.Guards() {
			results = append(append(results, all.Of(g)...), r.Of(g)...)
		}
		all.Results = results
	}
	return all
}

func TestTableOfSeveralSeedsHasMeansAndTheWorst(t *testing.T) {
	var out bytes.Buffer
	report.Table(&out, repeated(), report.Look{})
	golden(t, "seeds.txt", out.String())
	var wide bytes.Buffer
	report.Table(&wide, repeated(), report.Look{Columns: 120})
	require.NotContains(t, wide.String(), "no room")
}

func TestTableLeavesOutWhatHasNoRoomAndSaysSo(t *testing.T) {
	for _, columns := range []int{72, 80, 82} {
		for _, r := range []*simulate.Report{repeated(), func() *simulate.Report { r, _ := sample(); return r }()} {
			var out bytes.Buffer
			report.Table(&out, r, report.Look{Columns: columns})
			require.LessOrEqual(t, width(out.String()), columns, out.String())
			require.Contains(t, out.String(), "no room for: ")
			for _, kept := range []string{"guard", "score", "goodput", "p99"} {
				require.Contains(t, out.String(), kept)
			}
		}
	}
}

func TestChartStaysWithinItsWidth(t *testing.T) {
	for _, span := range []float64{0.004, 4, 5, 180, 700, 1200, 14_400, 1e6} {
		for _, scale := range []float64{1e-6, 1e-3, 1, 1e3} {
			r, _ := sample()
			res := r.Of("vegas")[0]
			r.Duration = span
			for i := range res.Series.P99 {
				res.Series.P50[i] *= scale
				res.Series.P99[i] *= scale
				res.Series.Limit[i] /= scale
			}
			out := report.Overview(r, res, false).String()
			require.LessOrEqual(t, width(out), 80, out)
			require.LessOrEqual(t, strings.Count(out, "\n"), 24, out)
		}
	}
}

func TestChartLeavesGapsWhereNoCallEnded(t *testing.T) {
	r, _ := sample()
	res := r.Of("vegas")[0]
	for i := range res.Series.P50 {
		if i < 60 || i >= 120 {
			res.Series.P50[i], res.Series.P99[i] = 0, 0
		}
	}
	golden(t, "gap.txt", report.Overview(r, res, false).String())
	for i := range res.Series.P50 {
		res.Series.P50[i], res.Series.P99[i] = 0, math.NaN()
	}
	require.Contains(t, report.Overview(r, res, false).String(), "(no calls)")
}

func TestTimeAxisHasWholeNumbers(t *testing.T) {
	for span, want := range map[float64]string{
		4:      "0 1 2 3 4 s",
		180:    "0 30 60 90 120 150 180 s",
		700:    "0 175 350 525 700 s",
		1200:   "0 5 10 15 20 min",
		4000:   "0 1000 2000 3000 4000 s",
		14_400: "0 40 80 120 160 200 240 min",
		86_400: "0 4 8 12 16 20 24 h",
		0.05:   "0 10 20 30 40 50 ms",
		7.7:    "0 1925 3850 5775 7700 ms",
		33.333: "0 8.333 16.67 25 33.33 s",
	} {
		r, _ := sample()
		r.Duration = span
		lines := strings.Split(strings.TrimSpace(report.Overview(r, r.Of("vegas")[0], false).String()), "\n")
		require.Equal(t, want, strings.Join(strings.Fields(lines[len(lines)-1]), " "), span)
	}
}

func TestBinsWithoutCallsDoNotPullALineDown(t *testing.T) {
	r, _ := sample()
	res := r.Of("vegas")[0]
	want := report.Overview(r, res, false).String()
	for i := 0; i < len(res.Series.P50); i += 2 {
		res.Series.P50[i], res.Series.P99[i] = 0, 0
	}
	require.Equal(t, want, report.Overview(r, res, false).String())
}
