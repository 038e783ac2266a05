package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/internal/raced"
)

func doctorFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "simulate", "doctor", "testdata", name+".yaml"))
	require.NoError(t, err)
	return string(text)
}

func TestDoctorFailsWithTheArithmetic(t *testing.T) {
	raced.Spare(t)
	f := in(t, map[string]string{"good.yaml": doctorFile(t, "healthy"), "bad.yaml": doctorFile(t, "queue-longer-than-deadline")})
	text := f.ok("doctor", "good.yaml")
	require.True(t, strings.HasSuffix(text, "\ngood.yaml: healthy\n"), text)
	require.Contains(t, text, "played quiet time: every call fails at once, when there are fewest; opens after ")

	code, text, stderr := f.run("doctor", "bad.yaml")
	require.Equal(t, exitFailed, code)
	require.Empty(t, stderr)
	require.Contains(t, text, "\nFAIL   limiter.queue: contradicts: 5000 places ÷ 128 calls/s (64 of capacity ÷ 10 replicas ÷ 50ms) = 39.1s")
	require.True(t, strings.HasSuffix(text, "\nbad.yaml: 1 fault\n"), text)

	code, text, _ = f.run("doctor", "bad.yaml", "--format", "json")
	require.Equal(t, exitFailed, code)
	var doc struct {
		File     string
		Version  int
		Healthy  bool
		Findings []struct{ Kind, Where string }
		Outages  []struct{ Name string }
	}
	require.NoError(t, json.Unmarshal([]byte(text), &doc))
	require.Equal(t, "bad.yaml", doc.File)
	require.Equal(t, 1, doc.Version)
	require.False(t, doc.Healthy)
	require.NotEmpty(t, doc.Outages)
	require.Equal(t, "limiter.queue", doc.Findings[0].Where)
}

func TestDoctorTakesTheEnvironmentFromAnotherFile(t *testing.T) {
	config, environment, _ := strings.Cut(doctorFile(t, "limit-above-pool"), "environment:")
	f := in(t, map[string]string{"limiter.yaml": config, "production.yaml": "version: 1\nenvironment:" + environment})
	code, text, _ := f.run("doctor", "limiter.yaml", "--environment", "production.yaml")
	require.Equal(t, exitFailed, code)
	require.Contains(t, text, "FAIL   limiter.max: contradicts: 200 is above the client's pool of 32 connections")
}

func TestDoctorRefusesInOneLine(t *testing.T) {
	f := in(t, map[string]string{
		"bare.yaml": "{version: 1, limiter: {max: 5}}", "good.yaml": doctorFile(t, "healthy"), "empty.yaml": "",
		"wrong.yaml": "{version: 1, environment: {traffic: 1, capacity: 1, latency: 1ms, deadline: 0s}}",
	})
	for _, c := range []struct{ args, want string }{
		{"none.yaml", "flyball: none.yaml: no such file or directory"},
		{".", "flyball: .: is a directory, must be a configuration file"},
		{"empty.yaml", "flyball: empty.yaml: is empty, must be a configuration"},
		{"bare.yaml", "flyball: bare.yaml: has no environment, must say there or in a file of its own what traffic, capacity"},
		{"wrong.yaml", "flyball: wrong.yaml:1: environment.deadline: is 0s, must be the patience of a caller"},
		{"bare.yaml --environment none.yaml", "flyball: none.yaml: no such file or directory"},
		{"good.yaml --environment good.yaml", "flyball: good.yaml:4: breaker: unknown key"},
		{"good.yaml --format xml", "--format"},
		{"", "expected \"<config>\""},
	} {
		code, stdout, stderr := f.run(append([]string{"doctor"}, strings.Fields(c.args)...)...)
		require.Equal(t, exitInput, code, "%s: %s", c.args, stderr)
		require.Empty(t, stdout)
		require.Contains(t, stderr, c.want)
		require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
	}
}
