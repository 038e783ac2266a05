package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/cmd/flyball/internal/fit"
	"github.com/flyball-go/flyball/cmd/flyball/load"
	"github.com/flyball-go/flyball/internal/raced"
	"github.com/flyball-go/flyball/simulate"
)

// tested writes the record of a load test of eight servers, in virtual time, and
// of it what spoil leaves.
func tested(t *testing.T, path string, spoil func(*load.Run)) {
	t.Helper()
	var r load.Run
	synctest.Test(t, func(t *testing.T) {
		slots := make(chan struct{}, 8)
		p := load.Plan{From: 40, MaxRate: 2000, Factor: 1.5, Min: 2 * time.Second, Max: 4 * time.Second, MaxTime: 5 * time.Minute, InFlight: 256, Timeout: 5 * time.Second,
			GiveUp: 100, Errors: 0.01, Ratio: 3, Within: 0.05}
		g := load.Generator{InFlight: 256, Timeout: p.Timeout, GiveUp: 100, Target: func(context.Context) error {
			slots <- struct{}{}
			time.Sleep(40 * time.Millisecond)
			<-slots
			return nil
		}}
		found, err := (&load.Finder{Plan: p, Hold: g.Hold}).Find(t.Context())
		require.NoError(t, err)
		r = load.Run{Version: load.Version, Loop: "open", Method: "GET", Target: "http://localhost:8080/", Begun: time.Now(), Plan: p, Found: found}
	})
	if spoil != nil {
		spoil(&r)
	}
	data, err := json.Marshal(&r)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, data, 0o644))
}

func TestFitWritesAScenarioThatCanBePlayed(t *testing.T) {
	raced.Spare(t)
	f := in(t, nil)
	tested(t, "run.json", nil)
	shown := f.ok("fit", "run.json", "-o", "twin.yaml")
	require.Regexp(t, `\Aa twin to believe: .* off by \d+ % at most`, shown)
	require.Regexp(t, `(?m)^held out +goodput +twin +p50 +twin +p99 +twin +by chance +off by$`, shown)
	require.Regexp(t, `(?m)^the others wait +8 .*◂$`, shown)
	require.Regexp(t, `(?m)^empirical .*◂$`, shown)
	require.Regexp(t, `(?m)^lognormal +40 ms +σ `, shown)
	var told fitted
	require.NoError(t, json.Unmarshal([]byte(f.ok("fit", "run.json", "--format", "json")), &told))
	require.Equal(t, fit.Servers, told.Model)
	require.InEpsilon(t, 200, told.Capacity, 0.05)
	require.Empty(t, told.Doubt)
	require.True(t, told.Judged[0].Below)
	require.InEpsilon(t, 40*time.Millisecond, told.Judged[0].Measured.P99, 0.05)
	require.InEpsilon(t, told.Judged[0].Measured.P99, told.Judged[0].Predicted.P99, 0.15)
	require.LessOrEqual(t, told.Judged[0].Predicted.Low.P99, told.Judged[0].Predicted.High.P99)
	text, err := os.ReadFile("twin.yaml")
	require.NoError(t, err)
	require.Equal(t, string(text), f.ok("fit", "run.json", "--format", "yaml"))
	require.Regexp(t, `\A# A twin of GET http://localhost:8080/, loaded 2000-01-01 00:\d\d UTC.\n# Made of the steps at 40 60 `, string(text))
	require.Regexp(t, `(?m)^#   held out +goodput +predicted +p50 +predicted +p99 +predicted +off by$`, string(text))
	sc, err := simulate.Load("twin.yaml")
	require.NoError(t, err)
	require.Equal(t, 8, sc.Downstream.Servers[0].Servers)
	require.Contains(t, f.ok("simulate", "twin.yaml", "--law", "fixed:8"), "fixed:8")
}

func TestFitTakesTheServiceThatItIsTold(t *testing.T) {
	raced.Spare(t)
	f := in(t, nil)
	tested(t, "run.json", nil)
	for _, kind := range []simulate.DistributionKind{simulate.Lognormal, simulate.Gamma} {
		f.ok("fit", "run.json", "--service", string(kind), "-o", "twin.yaml")
		sc, err := simulate.Load("twin.yaml")
		require.NoError(t, err)
		require.Equal(t, kind, sc.Downstream.Service.Kind)
		require.InEpsilon(t, 40*time.Millisecond, sc.Downstream.Service.Mean, 0.01)
	}
}

func TestFitRefusesWhatItCannotVouchFor(t *testing.T) {
	raced.Spare(t)
	closed := "timeStamp,elapsed,label,responseCode,success,allThreads\n"
	for i := range 50 {
		closed += fmt.Sprintf("%d,100,a,200,true,5\n", 1700000000000+20*i)
	}
	f := in(t, map[string]string{
		"closed.jtl":   closed,
		"open.csv":     "time_ms,latency_ms\n0,100\n100,100\n",
		"arrivals.csv": "time_ms\n0\n100\n",
		"text.json":    "no JSON",
		"other.json":   `{"version": 1, "scenario": "tiny"}`,
		"newer.json":   `{"version": 2, "loop": "open", "steps": []}`,
		"odd.json":     `{"version": 1, "loop": "open", "steps": [], "extra": 1}`,
		"empty.json":   `{"version": 1, "loop": "open", "steps": []}`,
	})
	tested(t, "asked.json", func(r *load.Run) { r.Loop = "closed" })
	tested(t, "short.json", func(r *load.Run) { r.Steps = r.Steps[:3] })
	tested(t, "strange.json", func(r *load.Run) {
		for i := range r.Steps {
			if s := &r.Steps[i]; s.Rate == 90 {
				s.Service.P99 *= 2
			}
		}
	})
	for _, c := range []struct{ file, fault string }{
		{"none.json", "none.json: no such file or directory"},
		{"text.json", "text.json: is not a result of flyball loadtest, nor a trace: "},
		{"other.json", "other.json: is not a result of flyball loadtest, nor a trace: "},
		{"newer.json", "newer.json: has version 2, want 1"},
		{"odd.json", `odd.json: json: unknown field "extra"`},
		{"empty.json", "empty.json: is too short to fit: has 0 rates that tell of the target, want 5 or more"},
		{"short.json", "short.json: is too short to fit: has 3 rates"},
		{"asked.json", "asked.json: is of a closed loop (closed)"},
		{"closed.jtl", "of a closed loop: its 5 callers took turns. Callers that wait for answers hide how long others would have waited; a fit would lie"},
		{"open.csv", "open.csv: is too short to fit: has 2 calls that ended well, 998 less than the 1000 that it takes; record for longer"},
		{"arrivals.csv", "is a csv trace without latencies"},
	} {
		code, stdout, stderr := f.run("fit", c.file, "-o", "twin.yaml")
		require.Equal(t, exitInput, code, stderr)
		require.Empty(t, stdout)
		require.Contains(t, stderr, c.fault)
		require.NoFileExists(t, "twin.yaml")
	}
	for _, format := range []string{"table", "yaml"} {
		code, stdout, stderr := f.run("fit", "strange.json", "--format", format, "-o", "twin.yaml")
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, "note: strange.json: the twin is off by 50 % in p99 at 90 calls/s, more than 15 %; p99s of rates at which nobody waits are ±")
		require.Contains(t, stderr, "measure again on a quieter machine")
		require.Contains(t, stderr, "note: no scenario was written; --force takes the twin as it is")
		require.Equal(t, format == "table", strings.HasPrefix(stdout, "not to be believed: the twin is off by 50 %"))
		require.NoFileExists(t, "twin.yaml")
	}
	code, stdout, stderr := f.run("fit", "strange.json", "--force", "--format", "yaml")
	require.Equal(t, exitOK, code)
	require.Contains(t, stderr, "note: strange.json: the twin is off by 50 %")
	require.Contains(t, stdout, "50 % (p99)")
	require.Contains(t, stdout, "# Not to be believed: the twin is off by 50 %")
	require.True(t, strings.HasPrefix(stdout, "# A twin of"))
}
