package main

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	limiterFile = "version: 1\nlimiter:\n  queue: -1\ncaller: {timeout: 500ms}\n"
	twinFile    = "name: twin\nduration: 60s\nload: {poisson: 1.2x}\ntimeout: 1s\ndownstream:\n  servers: 2\n  service: {const: 10500us}\n"
)

// knee is the result of a load test of url.
func knee(url string) string {
	return `{"version": 1, "loop": "open", "target": "` + url + `", "plan": {"inFlight": 256}, "knee": {"rate": 150, "goodput": 150, "p50": 11000000, "p99": 15000000}, "stopped": "p99", "detail": "", "steps": []}`
}

func TestVerifyPutsThePredictionBesideTheMeasurement(t *testing.T) {
	url, calls := hidden(t, 2, 0, nil)
	f := in(t, map[string]string{"limiter.yaml": limiterFile, "twin.yaml": twinFile, "wrong.yaml": strings.Replace(twinFile, "servers: 2", "servers: 1", 1), "knee.json": knee(url)})
	args := []string{"loadtest", url, "--verify", "limiter.yaml", "--run", "knee.json", "--verify-step", "150ms", "--quiet"}
	text := f.ok(append(args, "--twin", "twin.yaml", "--tolerance", "10", "-o", "run.json")...)
	require.Regexp(t, `(?m)^the prediction holds: goodput and p99 are within 1e\+03 % of it$`, text)
	require.Regexp(t, `(?m)^knee +calls/s +client +goodput +predicted +p50 +predicted +p99 +predicted +rejected +predicted +failed +holds$`, text)
	require.Regexp(t, `(?m)^× 2 +300 +limiter .* yes$`, text)
	require.Regexp(t, `(?m)^× 2 +300 +plain .* not judged$`, text)
	require.Regexp(t, `(?m)^At twice the knee the limiter keeps \d+ % of the knee's goodput at \S+ times its p99; a plain client \d+ % `, text)
	v := readRun(t, "run.json").Verified
	require.Equal(t, "limiter.yaml", v.Guard)
	require.Equal(t, 500*time.Millisecond, v.Timeout)
	require.Len(t, v.Cells, 8)
	require.Positive(t, v.At(2, true).Measured.Rejected)
	require.Zero(t, v.At(2, false).Measured.Rejected)
	require.Greater(t, calls.Load(), int64(8*15))

	// A twin of half the servers is no twin.
	code, stdout, _ := f.run(append(args, "--twin", "wrong.yaml")...)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stdout, "the prediction does not hold: ")
	require.Regexp(t, `no: (goodput|p99) off by \d+ %`, stdout)
}

func TestVerifyInterruptedKeepsWhatItSaw(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	var calls atomic.Int64
	url, _ := hidden(t, 2, 120, func(http.ResponseWriter, *http.Request) {
		if calls.Add(1) == 1 {
			interrupt()
		}
	})
	in(t, map[string]string{"limiter.yaml": limiterFile, "twin.yaml": twinFile, "knee.json": knee(url)})
	var stdout, stderr bytes.Buffer
	code := run(ctx, []string{"loadtest", url, "--verify", "limiter.yaml", "--run", "knee.json", "--twin", "twin.yaml", "--verify-step", "300ms", "--tolerance", "10", "-o", "run.json"}, &stdout, &stderr)
	require.Equal(t, exitInterrupted, code, stderr.String())
	require.Contains(t, stdout.String(), "not all of the prediction was put to the test")
	r := readRun(t, "run.partial.json")
	require.Equal(t, "interrupted", r.Partial)
	require.NotEmpty(t, r.Verified.Cells)
	require.Less(t, len(r.Verified.Cells), 8)
}

func TestVerifyRefusesWhatItCannotVerify(t *testing.T) {
	url, calls := hidden(t, 1, 0, nil)
	f := in(t, map[string]string{
		"limiter.yaml": limiterFile, "twin.yaml": twinFile, "knee.json": knee(url), "law.yaml": "version: 1\nlimiter: {law: vagas}\n",
		"other.json": knee("http://localhost:1/"), "none.json": strings.Replace(knee(url), `{"rate": 150, "goodput": 150, "p50": 11000000, "p99": 15000000}`, "null", 1),
		"fast.json": strings.Replace(knee(url), `"rate": 150`, `"rate": 60000`, 1),
	})
	for args, fault := range map[string]string{
		"--run knee.json":                                    "--run and --twin need --verify",
		"--verify none.yaml":                                 "none.yaml: no such file",
		"--verify law.yaml":                                  `law.yaml:2: limiter.law: `,
		"--verify limiter.yaml --twin knee.json":             "knee.json:1",
		"--verify limiter.yaml --run twin.yaml":              "twin.yaml: is not a result of flyball loadtest",
		"--verify limiter.yaml --run other.json":             "other.json: is of http://localhost:1/, not of " + url,
		"--verify limiter.yaml --run none.json":              "none.json: has no knee",
		"--verify limiter.yaml --tolerance 0":                "--tolerance is 0, want more than 0, up to 10",
		"--verify limiter.yaml --verify-step 1h":             "--verify-step is 1h0m0s, want 100ms to 10m",
		"--verify limiter.yaml --run knee.json -o knee.json": "output knee.json: is an input too",
		"--verify limiter.yaml --run knee.json --recover":    "--recover follows a search for the knee, and --run has one already",
	} {
		code, stdout, stderr := f.run(append([]string{"loadtest", url}, strings.Fields(args)...)...)
		require.Equal(t, exitInput, code, args)
		require.Empty(t, stdout)
		require.Contains(t, stderr, fault)
	}
	require.Zero(t, calls.Load())

	// What shows only once the knee is known is said, and nothing measured is lost.
	for args, fault := range map[string]string{
		"--run fast.json --twin twin.yaml": "twice the knee is 1.2e+05 calls/s",
		"--run knee.json":                  "no twin can be made that would predict: the result is too short to fit",
	} {
		code, _, stderr := f.run(append([]string{"loadtest", url, "--verify", "limiter.yaml"}, strings.Fields(args)...)...)
		require.Equal(t, exitFailed, code, args)
		require.Contains(t, stderr, fault)
	}

	text := f.ok("loadtest", url, "--verify", "limiter.yaml", "--dry-run")
	require.Contains(t, text, "verify   limiter.yaml at 0.8, 1, 1.3 and 2 times the knee, with and without it, 9s each; the twin may be off by 20 %\n")
}
