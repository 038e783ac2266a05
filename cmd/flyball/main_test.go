package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/simulate"
)

const tiny = `name: tiny
description: a few seconds on four servers
duration: 4s
load: {poisson: 120}
timeout: 1s
downstream:
  servers: 4
  service: {exp: 50ms}
changes: [2s]
`

// flyball runs the command in a folder with the given files.
type flyball struct {
	t   *testing.T
	dir string
}

func in(t *testing.T, files map[string]string) flyball {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	t.Chdir(dir)
	return flyball{t, dir}
}

func (f flyball) run(args ...string) (code int, stdout, stderr string) {
	f.t.Helper()
	var out, errs bytes.Buffer
	code = run(f.t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func (f flyball) ok(args ...string) string {
	f.t.Helper()
	code, stdout, stderr := f.run(args...)
	require.Equal(f.t, exitOK, code, stderr)
	require.Empty(f.t, stderr)
	return stdout
}

func TestFaultsAreOneClearLineEach(t *testing.T) {
	with := func(old, new string) string { return strings.Replace(tiny, old, new, 1) }
	f := in(t, map[string]string{
		"tiny.yaml":     tiny,
		"key.yaml":      tiny + "tiemout: 2s\n",
		"negative.yaml": with("120", "-120"),
		"guard.yaml":    tiny + "guards: [vagas]\n",
		"empty.yaml":    "",
		"trace.csv":     "time\n1.5\n1.2\n",
		"out":           "precious",
		"page.html":     "precious too",
		"text.json":     "guard  score\n",
		"newer.json":    `{"version": 2, "hash": "", "results": []}`,
		"cut.json":      `{"version": 1, "hash": "`,
		"other.json":    `{"version": 1, "scenario": "tiny", "hash": "feed", "seeds": [1], "results": [{"guard": "aimd", "seed": 1, "repeatable": true}]}`,
		"none.json":     `{"version": 1, "scenario": "other", "hash": "feed", "seeds": [1], "results": [{"guard": "aimd", "seed": 1}]}`,
	})
	require.NoError(t, os.Mkdir("folder", 0o755))
	// Not a device of the machine: if the check were broken, root would replace it.
	socket, err := net.Listen("unix", "socket")
	require.NoError(t, err)
	t.Cleanup(func() { _ = socket.Close() })

	for _, c := range []struct {
		name, args string
		want       []string // of the one line
	}{
		{"no command", "", []string{`"simulate"`, `"check"`, "--help"}},
		{"unknown command", "simulat tiny.yaml", []string{"simulat", `did you mean "simulate"`}},
		{"no file", "simulate", []string{"expected", "<file>"}},
		{"unknown flag", "simulate --sead 1 tiny.yaml", []string{"--sead", `did you mean "--seed"`}},
		{"seed that is no number", "simulate --seed x tiny.yaml", []string{"--seed", `"x"`}},
		{"fractional seed", "simulate --seed 1.5 tiny.yaml", []string{"--seed", `"1.5"`}},
		{"seed 0", "simulate --seed 0 tiny.yaml", []string{"--seed", "1 or more"}},
		{"unknown format", "simulate --format xml tiny.yaml", []string{"--format", "table", "json", "csv", "xml"}},
		{"series without csv", "simulate --series tiny.yaml", []string{"--series", "--format csv"}},
		{"chart of json", "simulate --chart vegas --format json tiny.yaml", []string{"--chart", "--format table"}},
		{"chart and no chart", "simulate --chart vegas --no-chart tiny.yaml", []string{"--chart", "--no-chart"}},
		{"chart of a guard that does not run", "simulate --law aimd --chart vegas tiny.yaml", []string{"--chart vegas", "tiny.yaml", "none, fixed:0.5x, fixed:1x, aimd"}},
		{"empty law", "simulate --law aimd,,vegas tiny.yaml", []string{"--law", "empty"}},
		{"unknown law", "simulate --law vagas tiny.yaml", []string{"--law", `"vagas"`, "aimd", "vegas", "fixed"}},
		{"unknown constant of a law", "simulate --law vegas:alpah=3 tiny.yaml", []string{"--law", `"alpah"`, "alpha, beta"}},
		{"unknown law in the scenario", "simulate guard.yaml", []string{"guard.yaml:10", "guards", `"vagas"`, "vegas"}},
		{"missing file", "simulate missing.yaml", []string{"missing.yaml: no such file"}},
		{"folder", "simulate folder", []string{"folder", "is a directory"}},
		{"socket", "simulate socket", []string{"socket", "regular file"}},
		{"empty file", "simulate empty.yaml", []string{"empty.yaml", "empty"}},
		{"unknown key", "simulate key.yaml", []string{"key.yaml:10: tiemout", "timeout?"}},
		{"negative rate", "simulate negative.yaml", []string{"negative.yaml:4: load.poisson", "-120"}},
		{"one of many", "simulate tiny.yaml negative.yaml", []string{"negative.yaml:4"}},
		{"event budget", "simulate --events 100 tiny.yaml", []string{"tiny.yaml", "budget of 100"}},
		{"arrivals that are missing", "simulate --arrivals no.csv tiny.yaml", []string{"--arrivals", "no.csv: no such file"}},
		{"arrivals going back", "simulate --arrivals trace.csv:time:s tiny.yaml", []string{"--arrivals", "trace.csv:3"}},
		{"arrivals of no unit", "simulate --arrivals trace.csv:time tiny.yaml", []string{"--arrivals", "trace.csv:2", "unit"}},
		{"arrivals without the column", "simulate --arrivals trace.csv:at tiny.yaml", []string{"--arrivals", "trace.csv", `at`}},
		{"output in a folder that is not there", "simulate -o nowhere/out tiny.yaml", []string{"nowhere", "no such file"}},
		{"output below a file", "simulate -o tiny.yaml/out tiny.yaml", []string{"tiny.yaml", "not a directory"}},
		{"output to a folder", "simulate -o folder tiny.yaml", []string{"folder", "is a directory"}},
		{"output to a socket", "simulate -o socket tiny.yaml", []string{"socket", "regular file"}},
		{"output over the scenario", "simulate -o tiny.yaml tiny.yaml", []string{"tiny.yaml", "input"}},
		{"output over the arrivals", "simulate -o trace.csv --arrivals trace.csv:time tiny.yaml", []string{"trace.csv", "input"}},
		{"repeat 0", "simulate --repeat 0 tiny.yaml", []string{"--repeat is 0", "1 to 10000"}},
		{"repeat below 0", "simulate --repeat=-3 tiny.yaml", []string{"--repeat is -3"}},
		{"repeat beyond reason", "simulate --repeat 1000000 tiny.yaml", []string{"--repeat is 1000000"}},
		{"repeat that is no number", "simulate --repeat many tiny.yaml", []string{"--repeat", `"many"`}},
		{"unknown metric", "simulate --metric p98 tiny.yaml", []string{"--metric", `"p98"`, "p99"}},
		{"baseline that is missing", "simulate --baseline no.json tiny.yaml", []string{"--baseline", "no.json: no such file"}},
		{"baseline that is a folder", "simulate --baseline folder tiny.yaml", []string{"--baseline", "folder", "is a directory"}},
		{"baseline that is empty", "simulate --baseline empty.yaml tiny.yaml", []string{"--baseline", "empty.yaml", "empty", "--format json"}},
		{"baseline that is a table", "simulate --baseline text.json tiny.yaml", []string{"--baseline", "text.json", "not JSON"}},
		{"baseline of another version", "simulate --baseline newer.json tiny.yaml", []string{"--baseline", "newer.json", "version 2, want 1"}},
		{"baseline that is cut off", "simulate --baseline cut.json tiny.yaml", []string{"--baseline", "cut.json", "cut off"}},
		{"baseline of a changed scenario", "simulate --html page.html --baseline other.json tiny.yaml", []string{"--baseline", "other.json", "tiny has been changed"}},
		{"baseline of other scenarios", "simulate --html page.html --baseline none.json tiny.yaml", []string{"--baseline", "none.json", "nothing to compare"}},
		{"baseline of json", "simulate --baseline other.json --format json tiny.yaml", []string{"--baseline", "--format table"}},
		{"page in a folder that is not there", "simulate --html nowhere/page.html tiny.yaml", []string{"nowhere", "no such file"}},
		{"page to a folder", "simulate --html folder tiny.yaml", []string{"folder", "is a directory"}},
		{"page to a socket", "simulate --html socket tiny.yaml", []string{"socket", "regular file"}},
		{"page over the scenario", "simulate --html tiny.yaml tiny.yaml", []string{"tiny.yaml", "input"}},
		{"page over the baseline", "simulate --html other.json --baseline other.json tiny.yaml", []string{"other.json", "input"}},
		{"output over the baseline", "simulate -o other.json --baseline other.json tiny.yaml", []string{"other.json", "input"}},
		{"page over the output", "simulate --html ./new -o new tiny.yaml", []string{"./new", "named twice"}},
		{"page over an output that is there", "simulate --html folder/../out -o out tiny.yaml", []string{"out", "named twice"}},
		{"page when the run goes wrong", "simulate --html page.html --events 100 tiny.yaml", []string{"budget"}},
		{"output when the input is wrong", "simulate -o out negative.yaml", []string{"negative.yaml:4"}},
		{"output when the run goes wrong", "simulate -o out --events 100 tiny.yaml", []string{"budget"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, stdout, stderr := f.run(strings.Fields(c.args)...)
			require.Equal(t, exitInput, code, stderr)
			require.Empty(t, stdout)
			require.Regexp(t, `\Aflyball: [^\n]+\n\z`, stderr, "one line")
			for _, part := range c.want {
				require.Contains(t, stderr, part)
			}
		})
	}
	require.ElementsMatch(t, []string{"tiny.yaml", "key.yaml", "negative.yaml", "guard.yaml", "empty.yaml", "trace.csv", "folder", "socket", "out",
		"page.html", "text.json", "newer.json", "cut.json", "other.json", "none.json"}, names(t, f.dir), "no file was left")
	for name, text := range map[string]string{"out": "precious", "page.html": "precious too"} {
		out, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, text, string(out))
	}
}

func TestNamesInAScenarioNameNoFiles(t *testing.T) {
	evil := strings.Replace(asserted("score >= 1%"), "name: tiny", "name: ../../evil/$(touch evil)", 1)
	f := in(t, map[string]string{"a.yaml": evil})
	f.ok("simulate", "a.yaml", "--html", "page.html", "-o", "out.json", "--format", "json")
	f.ok("check", "a.yaml", "--junit", "out.xml")
	require.ElementsMatch(t, []string{"a.yaml", "page.html", "out.json", "out.xml"}, names(t, f.dir))
	entries, err := os.ReadDir(filepath.Dir(f.dir))
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

func TestAllFaultsAreToldAtOnce(t *testing.T) {
	f := in(t, map[string]string{"bad.yaml": strings.NewReplacer("120", "-120", "exp: 50ms", "exp: fast").Replace(tiny)})
	code, stdout, stderr := f.run("simulate", "bad.yaml", "missing.yaml")
	require.Equal(t, exitInput, code)
	require.Empty(t, stdout)
	require.Regexp(t, `(?s)\Aflyball: bad.yaml:4: [^\n]+\nflyball: bad.yaml:8: [^\n]+\nflyball: missing.yaml: [^\n]+\n\z`, stderr)
}

func TestInterruptLeavesNothing(t *testing.T) {
	f := in(t, map[string]string{"long.yaml": strings.Replace(tiny, "duration: 4s", "duration: 20h", 1)})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	var stdout, stderr bytes.Buffer
	require.Equal(t, exitInterrupted, run(ctx, []string{"simulate", "long.yaml", "-o", "out.txt"}, &stdout, &stderr))
	require.Empty(t, stdout.String())
	require.Equal(t, "flyball: interrupted\n", stderr.String())
	require.Equal(t, []string{"long.yaml"}, names(t, f.dir))
}

func TestHelpIsNoFault(t *testing.T) {
	f := in(t, nil)
	require.Contains(t, f.ok("--help"), "simulate")
	help := f.ok("simulate", "--help")
	for _, word := range append([]string{"--law", "--arrivals", "--output"}, simulate.DefaultGuards()...) {
		require.Contains(t, strings.Join(strings.Fields(help), " "), word)
	}
}

func TestVersionIsOneLine(t *testing.T) {
	require.Regexp(t, `\A(devel|v\S+)\n\z`, in(t, nil).ok("--version"))
}

func TestStandardOutputThatFailsIsInternal(t *testing.T) {
	in(t, map[string]string{"tiny.yaml": tiny})
	var stderr bytes.Buffer
	require.Equal(t, exitInternal, run(t.Context(), []string{"simulate", "tiny.yaml", "--law", "aimd"}, full{}, &stderr))
	require.Equal(t, "flyball: write standard output: disk full\n", stderr.String())
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestPanicIsInternal(t *testing.T) {
	in(t, map[string]string{"tiny.yaml": tiny})
	var stderr bytes.Buffer
	require.Equal(t, exitInternal, run(t.Context(), []string{"simulate", "tiny.yaml", "--law", "aimd"}, broken{}, &stderr))
	require.Regexp(t, `\Aflyball: internal error: broken\n`, stderr.String())
}

type broken struct{}

func (broken) Write([]byte) (int, error) { panic("broken") }
