package main

import (
	"encoding/csv"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/simulate"
)

var update = flag.Bool("update", false, "write the golden files anew")

// costs is what depends on the machine.
var costs = regexp.MustCompile(`(?m) in \S+ \S+ \(\S+/s\), after .*`)

func TestTableLooksAsAgreed(t *testing.T) {
	golden, err := filepath.Abs("testdata/tiny.txt")
	require.NoError(t, err)
	f := in(t, map[string]string{"tiny.yaml": tiny})
	got := costs.ReplaceAllString(f.ok("simulate", "tiny.yaml", "--law", "fixed:3,fixed:5"), " in TIME")
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(golden), 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestTableIsPlainAndFitsAPage(t *testing.T) {
	f := in(t, map[string]string{"tiny.yaml": tiny})
	out := f.ok("simulate", "tiny.yaml", "--chart", "aimd")
	require.NotContains(t, out, "\x1b")
	require.Contains(t, out, "latency, aimd")
	table, chart, _ := strings.Cut(out, "limit, calls")
	for _, part := range []struct {
		text string
		max  int
	}{{table, 100}, {chart, 80}} {
		for line := range strings.Lines(part.text) {
			require.LessOrEqual(t, utf8.RuneCountInString(line)-1, part.max, line)
		}
	}
	require.NotContains(t, f.ok("simulate", "tiny.yaml", "--no-chart"), "┤")
}

func TestReferencesStandBesideEveryLaw(t *testing.T) {
	f := in(t, map[string]string{"tiny.yaml": tiny, "own.yaml": tiny + "guards: [vegas, fixed:1x]\n"})
	guards := func(args ...string) []string {
		var r simulate.Report
		require.NoError(t, json.Unmarshal([]byte(f.ok(append(args, "--format", "json")...)), &r))
		return r.Guards()
	}
	require.Equal(t, []string{"none", "fixed:0.5x", "fixed:1x", "aimd", "oracle"}, guards("simulate", "tiny.yaml", "--law", "aimd,oracle,none"))
	require.Equal(t, []string{"none", "fixed:0.5x", "fixed:1x", "vegas", "oracle"}, guards("simulate", "own.yaml"))
	require.Subset(t, guards("simulate", "tiny.yaml"), []string{"none", "fixed:0.5x", "fixed:1x", "aimd", "vegas", "oracle"})
}

func TestJSONIsSimulatesDocumentByteForByte(t *testing.T) {
	f := in(t, map[string]string{"tiny.yaml": tiny})
	t.Cleanup(func() { runtime.GOMAXPROCS(runtime.GOMAXPROCS(0)) })
	before := runtime.GOMAXPROCS(1)
	one := f.ok("simulate", "tiny.yaml", "--format", "json")
	runtime.GOMAXPROCS(2)
	two := f.ok("simulate", "tiny.yaml", "--format", "json")
	runtime.GOMAXPROCS(before)
	require.Equal(t, one, two)

	sc, err := simulate.Load("tiny.yaml")
	require.NoError(t, err)
	var runner simulate.Runner
	r, err := runner.Compare(t.Context(), sc)
	require.NoError(t, err)
	want, err := json.Marshal(r)
	require.NoError(t, err)
	require.JSONEq(t, string(want), one)
	require.NotEqual(t, one, f.ok("simulate", "tiny.yaml", "--format", "json", "--seed", "2"))
	require.Equal(t, one, f.ok("simulate", "tiny.yaml", "--format", "json", "--seed", "1"))
}

func TestManyFilesAreOneDocumentEachAndOneTable(t *testing.T) {
	f := in(t, map[string]string{"a.yaml": tiny, "b.yaml": strings.Replace(tiny, "name: tiny", "name: other", 1)})
	docs := json.NewDecoder(strings.NewReader(f.ok("simulate", "a.yaml", "b.yaml", "--format", "json")))
	var scenarios []string
	for docs.More() {
		var r simulate.Report
		require.NoError(t, docs.Decode(&r))
		scenarios = append(scenarios, r.Scenario)
	}
	require.Equal(t, []string{"tiny", "other"}, scenarios)

	table := f.ok("simulate", "a.yaml", "b.yaml")
	require.Regexp(t, `(?s)\Ascore of 2 scenarios\n\nscenario .*\ntiny .*\nother .*\nmean .*\nworst .*`, table)
	require.NotContains(t, table, "┤", "charts would drown the tables")
	require.Equal(t, 2, strings.Count(f.ok("simulate", "a.yaml", "b.yaml", "--chart", "vegas"), "latency, vegas"))
}

func TestCSVHasARowForEachRunOrBin(t *testing.T) {
	f := in(t, map[string]string{"a.yaml": tiny, "b.yaml": tiny})
	rows, err := csv.NewReader(strings.NewReader(f.ok("simulate", "a.yaml", "b.yaml", "--law", "aimd", "--format", "csv"))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+2*5)
	rows, err = csv.NewReader(strings.NewReader(f.ok("simulate", "a.yaml", "--law", "aimd", "--format", "csv", "--series"))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+5*simulate.Bins)
}

func TestOutputGoesToTheFileAlone(t *testing.T) {
	f := in(t, map[string]string{"tiny.yaml": tiny})
	want := f.ok("simulate", "tiny.yaml", "--format", "json")
	require.Empty(t, f.ok("simulate", "tiny.yaml", "--format", "json", "-o", "out.json"))
	got, err := os.ReadFile("out.json")
	require.NoError(t, err)
	require.Equal(t, want, string(got))
	require.Equal(t, []string{"out.json", "tiny.yaml"}, names(t, f.dir))
}

func TestArrivalsTakeThePlaceOfTheLoad(t *testing.T) {
	var stamps strings.Builder
	stamps.WriteString("id,time\n")
	for i := range 50 {
		stamps.WriteString(strings.Join([]string{"x", time.Unix(1_700_000_000, int64(i)*1e8).UTC().Format(time.RFC3339Nano)}, ",") + "\n")
	}
	f := in(t, map[string]string{"tiny.yaml": tiny, "calls.csv": stamps.String()})
	for _, arg := range []string{"calls.csv", "calls.csv:time", "calls.csv:2"} {
		code, stdout, stderr := f.run("simulate", "tiny.yaml", "--format", "json", "--arrivals", arg)
		require.Equal(t, exitOK, code, stderr)
		require.Equal(t, "flyball: note: tiny lasts 4s: replays the first 40 of 50 arrivals in calls.csv\n", stderr)
		var r simulate.Report
		require.NoError(t, json.Unmarshal([]byte(stdout), &r))
		for _, res := range r.Results {
			require.EqualValues(t, 40, res.Offered, res.Guard)
		}
	}
}

func TestPageIsWrittenBesideTheTable(t *testing.T) {
	f := in(t, map[string]string{"it's tiny.yaml": tiny})
	table := f.ok("simulate", "it's tiny.yaml", "--law", "aimd", "--html", "page.html")
	require.Contains(t, table, "aimd")
	page, err := os.ReadFile("page.html")
	require.NoError(t, err)
	require.Contains(t, string(page), `flyball simulate &#39;it&#39;\&#39;&#39;s tiny.yaml&#39; --law aimd --html page.html`, "to be typed again")
	require.Contains(t, string(page), "a few seconds on four servers")
	require.Contains(t, string(page), "limit ", "decisions")
}

func TestRepeatRunsSeedsInARow(t *testing.T) {
	f := in(t, map[string]string{"tiny.yaml": tiny})
	var r simulate.Report
	require.NoError(t, json.Unmarshal([]byte(f.ok("simulate", "tiny.yaml", "--law", "aimd", "--repeat", "3", "--seed", "5", "--format", "json")), &r))
	require.Equal(t, []uint64{5, 6, 7}, r.Seeds)
	require.Len(t, r.Results, 5*3)
	table := f.ok("simulate", "tiny.yaml", "--law", "aimd", "--repeat", "3", "--seed", "5")
	require.Contains(t, table, "seeds 5–7")
	require.Contains(t, table, "means over 3 seeds")
}

func TestBaselineIsAGate(t *testing.T) {
	f := in(t, map[string]string{"tiny.yaml": tiny})
	f.ok("simulate", "tiny.yaml", "--law", "aimd,vegas", "--repeat", "3", "--format", "json", "-o", "before.json")
	out := f.ok("simulate", "tiny.yaml", "--law", "aimd,vegas", "--repeat", "3", "--baseline", "before.json")
	require.Contains(t, out, "against before.json: 0 worse, 0 better, 15 as before (within 1 %)")

	// What was better before than it is now.
	data, err := os.ReadFile("before.json")
	require.NoError(t, err)
	var r simulate.Report
	require.NoError(t, json.Unmarshal(data, &r))
	for _, res := range r.Of("aimd") {
		res.Goodput *= 2
	}
	data, err = json.Marshal(r)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile("before.json", data, 0o644))
	code, out, stderr := f.run("simulate", "tiny.yaml", "--law", "aimd,knee", "--repeat", "2", "--baseline", "before.json")
	require.Equal(t, exitFailed, code)
	require.Contains(t, out, "against before.json: 1 worse")
	require.Regexp(t, `tiny +aimd +goodput .*-50\.0% +worse`, out)
	require.Equal(t, "flyball: note: tiny: knee is not in the baseline\n", stderr)
}
