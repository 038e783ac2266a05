package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/adaptive/configfile"
	"github.com/flyball-go/flyball/internal/raced"
	"github.com/flyball-go/flyball/simulate"
	"github.com/flyball-go/flyball/simulate/tune"
)

const (
	crowded = `name: crowded
duration: 4s
load: {poisson: 240}
timeout: 400ms
downstream: {servers: 8, service: {lognormal: 40ms, sigma: 0.3}}
`
	fixedSpace = "{version: 1, law: {fixed: {limit: {min: 1, max: 300, scale: log}}}, limiter: {queue: -1}}"
	badLimiter = "{version: 1, limiter: {name: users, law: 'fixed:1', queue: -1}}"
)

func tuning(t *testing.T) flyball {
	t.Helper()
	return in(t, map[string]string{"crowded.yaml": crowded, "space.yaml": fixedSpace, "limiter.yaml": badLimiter})
}

// args of a search that takes a second.
func tuneArgs(more ...string) []string {
	return append([]string{"tune", "crowded.yaml", "--space", "space.yaml", "--candidates", "16", "--in-force", "limiter.yaml"}, more...)
}

func TestTuneWritesAConfigurationWithItsProof(t *testing.T) {
	f := tuning(t)
	text := f.ok(tuneArgs("-o", "tuned.yaml")...)
	require.Regexp(t, `\Achange to name users, law fixed:\d+`, text)
	require.Regexp(t, `played \d+ candidates in \d+ runs: .* calls, .* events in .*, .* calls/s\n\z`, text)
	require.NoFileExists(t, "tuned.yaml.journal")

	file, err := configfile.Load("tuned.yaml", nil)
	require.NoError(t, err)
	require.Equal(t, "users", file.Limiter.Name)
	require.Regexp(t, `^fixed:\d+$`, file.Limiter.Law)
	require.NotEqual(t, "fixed:1", file.Limiter.Law)
	_, err = adaptive.New(file.Limiter)
	require.NoError(t, err)
	require.NotZero(t, file.Expected.MaxLimit)
	require.NotZero(t, file.Expected.P99)
	require.NotZero(t, file.Expected.Rejected)
	sc, err := simulate.Load("crowded.yaml")
	require.NoError(t, err)
	require.Equal(t, map[string]any{"crowded": sc.Hash()}, file.Provenance["scenarios"])
	for _, key := range []string{"flyball", "objective", "space", "seeds", "unseen", "in-force", "score", "why", "calls"} {
		require.Contains(t, file.Provenance, key)
	}
	require.Equal(t, tune.DefaultObjective, file.Provenance["objective"])

	// What it found is what is in force from now on, and stays.
	args := []string{"tune", "crowded.yaml", "--space", "space.yaml", "--candidates", "16", "--in-force", "tuned.yaml", "-o", "again.yaml"}
	require.True(t, strings.HasPrefix(f.ok(args...), "keep what is in force: name users, law fixed:"))
	again, err := configfile.Load("again.yaml", nil)
	require.NoError(t, err)
	require.Equal(t, file.Limiter, again.Limiter)
	require.Equal(t, "keep", again.Provenance["answer"])
}

func TestTuneTellsTheSameAsJSON(t *testing.T) {
	raced.Spare(t)
	f := tuning(t)
	var found tune.Found
	require.NoError(t, json.Unmarshal([]byte(f.ok(tuneArgs("--format", "json")...)), &found))
	require.False(t, found.Keep)
	require.Equal(t, 1, found.Version)
	require.NotEmpty(t, found.Trials)
}

func TestTuneGoesOnFromWhereItWasInterrupted(t *testing.T) {
	f := tuning(t)
	canceled, stop := context.WithCancel(t.Context())
	go func() { // interrupts once there is something to keep
		defer stop()
		for canceled.Err() == nil {
			if data, err := os.ReadFile("tuned.yaml.journal"); err == nil && bytes.Count(data, []byte("\n")) > 20 {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	var out, errs bytes.Buffer
	code := run(canceled, tuneArgs("-o", "tuned.yaml", "--candidates", "200"), &out, &errs)
	stop()
	require.Equal(t, exitInterrupted, code, errs.String())
	require.Regexp(t, `\Aflyball: note: \d+ runs? kept in .*tuned.yaml.journal; the same command goes on from there\nflyball: interrupted\n\z`, errs.String())
	require.Empty(t, out.String())
	require.NoFileExists(t, "tuned.yaml")
	require.FileExists(t, "tuned.yaml.journal")

	code, text, stderr := f.run(tuneArgs("-o", "tuned.yaml", "--candidates", "200")...)
	require.Equal(t, exitOK, code, stderr)
	require.Regexp(t, `\Aflyball: note: goes on from the \d+ runs? in .*tuned.yaml.journal\n\z`, stderr)
	require.Regexp(t, `\d+ of the runs were in the journal`, text)
	require.FileExists(t, "tuned.yaml")
	require.NoFileExists(t, "tuned.yaml.journal")
}

func TestTuneRefusesInOneLine(t *testing.T) {
	f := tuning(t)
	require.NoError(t, os.Mkdir("folder", 0o755))
	write := func(name, text string) { require.NoError(t, os.WriteFile(name, []byte(text), 0o644)) }
	write("empty.yaml", "")
	write("inverted.yaml", "{version: 1, limiter: {max: {min: 9, max: 3}}}")
	write("unknown.yaml", "{version: 1, limiter: {spede: {min: 9, max: 30}}}")
	write("still.yaml", "{version: 1, limiter: {max: 3}}")
	write("broken.yaml", "{version: 1, limiter: {law: vega}}")
	write("patient.yaml", strings.Replace(crowded, "timeout: 400ms\n", "", 1))
	write("journal", `{"kind":"flyball tune journal","version":1,"plan":{"seed":7}}`+"\n")
	write("old", `{"kind":"flyball tune journal","version":0}`+"\n")
	write("diary", "dear diary\n")
	write("precious.yaml", "precious")
	for _, c := range []struct{ args, want string }{
		{"--space none.yaml", "flyball: none.yaml: no such file or directory"},
		{"--space folder", "folder: is a directory, must be a search space file"},
		{"--space empty.yaml", "flyball: empty.yaml: is empty, must be a search space"},
		{"--space inverted.yaml", "flyball: inverted.yaml:1: limiter.max: is inverted: min 9 is above max 3"},
		{"--space unknown.yaml", "flyball: unknown.yaml:1: limiter.spede: unknown key"},
		{"--space still.yaml", "flyball: still.yaml:1: searches nothing"},
		{"--in-force broken.yaml", `flyball: broken.yaml:1: limiter.law: "vega" is unknown`},
		{"--in-force none.yaml", "flyball: none.yaml: no such file or directory"},
		{"--objective fastest", `flyball: --objective "fastest": must begin with max or min and a metric`},
		{"-o precious.yaml", "flyball: output precious.yaml: is there already; --replace replaces it"},
		{"-o folder", "flyball: output folder: is a directory, want a file"},
		{"-o none/tuned.yaml", "flyball: output none/tuned.yaml: no such file or directory"},
		{"-o /proc/tuned.yaml", "flyball: output /proc/tuned.yaml: "},
		{"-o limiter.yaml --replace", "flyball: output limiter.yaml: is an input too"},
		{"-o space.yaml --replace", "flyball: output space.yaml: is an input too"},
		{"--replace", "flyball: tune: --replace needs -o"},
		{"--journal journal", "flyball: journal:1: is the journal of another run: its"},
		{"--journal old", "flyball: old:1: is a journal of version 0, must be 1"},
		{"--journal diary", "flyball: diary:1: is no journal of flyball tune"},
		{"--journal folder", "flyball: folder: is no regular file, must be a journal"},
		{"--journal none/j", "flyball: journal none/j: no such file or directory"},
		{"--seed 0", "--seed is 0, want 1 or more"},
		{"--candidates 0", "--candidates is 0, want 1 or more"},
		{"--unseen 19", "--unseen is 19, want 20 or more"},
		{"--events 10", "budget of 10"},
		{"--format csv", "--format"},
	} {
		code, stdout, stderr := f.run(tuneArgs(strings.Fields(c.args)...)...)
		require.Equal(t, exitInput, code, "%s: %s", c.args, stderr)
		require.Empty(t, stdout, c.args)
		require.Contains(t, stderr, c.want, c.args)
		require.Equal(t, 1, strings.Count(stderr, "\n"), "%s: %s", c.args, stderr)
		require.NotContains(t, stderr, "tune: tune:", c.args)
	}
	code, _, stderr := f.run("tune", "patient.yaml", "--space", "space.yaml")
	require.Equal(t, exitInput, code)
	require.Contains(t, stderr, "has no timeout for the bound")
	code, _, stderr = f.run("tune", "none.yaml", "folder", "--space", "inverted.yaml", "--objective", "x")
	require.Equal(t, exitInput, code)
	require.Equal(t, 4, strings.Count(stderr, "\n"), "all at once: %s", stderr)
	for name, want := range map[string]string{"precious.yaml": "precious", "diary": "dear diary\n", "limiter.yaml": badLimiter, "space.yaml": fixedSpace} {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, want, string(data))
	}
	left, err := os.ReadDir(".")
	require.NoError(t, err)
	require.Len(t, left, 14, "nothing was left behind: %v", left)
}
