package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/cmd/flyball/load"
)

// hidden is a server that lets n calls in at a time, for 10 ms each. From the call
// with a number on, what is given happens instead.
func hidden(t *testing.T, n int, from int64, instead http.HandlerFunc) (url string, calls *atomic.Int64) {
	t.Helper()
	slots := make(chan struct{}, n)
	calls = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if calls.Add(1) >= from && instead != nil {
			instead(w, q)
			return
		}
		slots <- struct{}{}
		time.Sleep(10 * time.Millisecond)
		<-slots
	}))
	t.Cleanup(s.Close)
	return s.URL, calls
}

// quick is a load test of a second or two.
func quick(url string, more ...string) []string {
	return append([]string{"loadtest", url, "--from", "50", "--factor", "2", "--min-step", "100ms", "--max-step", "200ms", "--within", "0.5", "--max-time", "20s", "--quiet"}, more...)
}

func readRun(t *testing.T, path string) *load.Run {
	t.Helper()
	r, err := load.ReadRun(path)
	require.NoError(t, err)
	return r
}

func TestLoadtestFindsAndWritesAKnee(t *testing.T) {
	f := in(t, nil)
	url, calls := hidden(t, 2, 0, nil)
	text := f.ok(quick(url+"/?key=secret", "-o", "run.json", "--html", "run.html", "--hdr", "run.hlog")...)
	require.Regexp(t, `\A(knee |the knee is |generator saturated: the knee is )`, text)
	require.Regexp(t, `(?m)^ *calls/s +held +goodput +p50 +p99 +service p99 +late p99 +in flight +errors +kept up$`, text)
	require.Regexp(t, `the generator can make \S+ calls/s here, to a handler that does nothing\nmade \d+ calls in \S+ \S+\n\z`, text)
	run := readRun(t, "run.json")
	require.Equal(t, "open", run.Loop)
	require.Empty(t, run.Partial)
	require.Equal(t, url+"/", run.Target)
	require.NotContains(t, text, "secret")
	require.NotNil(t, run.Knee)
	require.Less(t, run.Knee.Rate, 300.0) // it can do 200
	require.Equal(t, uint64(calls.Load()), run.Calls()+1)
	require.Len(t, run.Steps[0].Service.Points, 200)

	page, err := os.ReadFile("run.html")
	require.NoError(t, err)
	require.Contains(t, string(page), "<h2>Steps, in the order in which they were made</h2>")
	require.NotContains(t, string(page), "key=secret") // of the query
	log, err := os.ReadFile("run.hlog")
	require.NoError(t, err)
	require.Equal(t, len(run.Steps), strings.Count(string(log), "Tag="))

	code, _, stderr := f.run(quick(url, "-o", "run.json")...)
	require.Equal(t, exitInput, code)
	require.Contains(t, stderr, "output run.json: is there already; --replace replaces it")
}

func TestLoadtestOnlySaysWhatItWouldDo(t *testing.T) {
	f := in(t, nil)
	url, calls := hidden(t, 1, 0, nil)
	require.NoError(t, os.WriteFile("targets.txt", []byte("GET "+url+"/a\nPUT "+url+"/b\nX-A: 1"), 0o644))
	require.Regexp(t, `^target +2 requests at `+url+` at 127`, f.ok("loadtest", url, "--dry-run", "--targets", "targets.txt"))
	text := f.ok("loadtest", url, "--dry-run", "-X", "POST")
	require.Contains(t, text, "target   POST "+url+" at 127.0.0.1:")
	require.Contains(t, text, "as flyball-loadtest/")
	require.Contains(t, text, "rates    10 to 1000 calls/s in up to 13 steps of × 1.5, each 2s to 10s\n")
	require.Contains(t, text, "at most  256 calls in flight, 10s each, 5m0s in all\n")
	require.Contains(t, text, "gives up after 100 failures in a row\n")
	require.Zero(t, calls.Load())
}

func TestLoadtestRefusesWhatItShouldNotLoad(t *testing.T) {
	f := in(t, map[string]string{"there.json": "{}", "bad.txt": "# elsewhere\nGET http://192.0.2.7/"})
	require.NoError(t, os.Mkdir("folder", 0o755))
	moved, _ := hidden(t, 1, 1, func(w http.ResponseWriter, q *http.Request) {
		http.Redirect(w, q, "http://192.0.2.7/", http.StatusFound)
	})
	endless, _ := hidden(t, 1, 1, func(w http.ResponseWriter, q *http.Request) {
		for q.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1000)); err != nil {
				return
			}
		}
	})
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	hanging, _ := hidden(t, 1, 1, func(_ http.ResponseWriter, q *http.Request) { <-q.Context().Done() })
	first := "the first call failed, so no others were made: "
	for _, c := range []struct {
		args  []string
		fault string
	}{
		{[]string{"http://192.0.2.7"}, "192.0.2.7 resolves to 192.0.2.7, which is not this machine; if you may load it, say --allow-remote --i-own 192.0.2.7"},
		{[]string{"http://192.0.2.7", "--allow-remote", "--i-own", "localhost"}, `--allow-remote needs --i-own 192.0.2.7, has "localhost"`},
		{[]string{"http://169.254.169.254", "--allow-remote", "--i-own", "169.254.169.254"}, "never a target"},
		{[]string{"http://name.invalid"}, "resolve name.invalid: "},
		{[]string{"localhost:80"}, "target localhost:80: want a URL such as http://localhost:8080/path"},
		{[]string{"http://user:pass@localhost"}, "target: has a user in it"},
		{[]string{gone.URL}, first},
		{[]string{gone.URL}, "connection refused"},
		{[]string{secure.URL}, "certificate"},
		{[]string{moved}, `redirect, not followed: status 302 to "http://192.0.2.7/"; give that URL if it is the target`},
		{[]string{endless, "--max-body", "5000"}, "body too long: more than 5000 bytes"},
		{[]string{hanging, "--timeout", "100ms"}, first + "context deadline exceeded"},
		{[]string{moved, "-H", "no colon"}, `--header "no colon": want NAME: VALUE`},
		{[]string{moved, "-H", "User-Agent: me"}, "whoever is loaded may know by whom"},
		{[]string{moved, "-X", "BAD METHOD"}, `--method is "BAD METHOD"`},
		{[]string{moved, "--body", "none"}, "--body: none: no such file"},
		{[]string{moved, "--targets", "none"}, "--targets: none: no such file"},
		{[]string{moved, "--targets", "bad.txt"}, "bad.txt:2: http://192.0.2.7/ is not at " + moved},
		{[]string{moved, "--targets", "bad.txt", "-X", "PUT"}, "--targets says method and body of each request"},
		{[]string{moved, "--max-rate", "1000000"}, "--max-rate is 1e+06, want 1 to 100000"},
		{[]string{moved, "--connections", "0"}, "--connections is 0, want 1 to 10000"},
		{[]string{moved, "-o", "folder"}, "output folder: is a directory"},
		{[]string{moved, "-o", "there.json"}, "is there already"},
		{[]string{moved, "--html", "folder"}, "output folder: is a directory"},
		{[]string{moved, "--hdr", "/dev/full"}, "output /dev/full: is not a regular file"},
		{[]string{moved, "-o", "none/run.json"}, "output none/run.json: no such file"},
	} {
		code, stdout, stderr := f.run(append([]string{"loadtest"}, c.args...)...)
		require.Equal(t, exitInput, code, stderr)
		require.Empty(t, stdout)
		require.Contains(t, stderr, c.fault)
	}
	require.NoFileExists(t, "there.partial.json")
}

func TestLoadtestOfATargetThatDiesKeepsWhatItSaw(t *testing.T) {
	f := in(t, nil)
	url, _ := hidden(t, 2, 40, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	code, stdout, stderr := f.run(quick(url, "-o", "run.json", "--give-up", "10", "--errors", "1")...)
	require.Equal(t, exitFailed, code, stderr)
	require.Contains(t, stderr, "the target failed 1")
	require.Contains(t, stderr, "run.partial.json has ")
	require.Contains(t, stdout, "Not the whole test: the target failed 1")
	require.Contains(t, stdout, "cut off")
	require.NoFileExists(t, "run.json")
	run := readRun(t, "run.partial.json")
	require.Contains(t, run.Partial, "times in a row, last with: status 500")
	require.True(t, run.Steps[len(run.Steps)-1].Cut)
}

func TestLoadtestInterruptedKeepsWhatItSaw(t *testing.T) {
	in(t, nil)
	ctx, interrupt := context.WithCancel(t.Context())
	url, _ := hidden(t, 2, 40, func(http.ResponseWriter, *http.Request) { interrupt() })
	var stdout, stderr bytes.Buffer
	require.Equal(t, exitInterrupted, run(ctx, quick(url, "-o", "run.json", "--format", "json"), &stdout, &stderr), stderr.String())
	require.Contains(t, stderr.String(), "run.partial.json has ")
	run := readRun(t, "run.partial.json")
	require.Equal(t, "interrupted", run.Partial)
	var shown load.Run
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &shown))
	require.Equal(t, "interrupted", shown.Partial)
}

func TestLoadtestLosesNothingForWantOfADisk(t *testing.T) {
	f := in(t, nil)
	folder := filepath.Join(f.dir, "folder")
	require.NoError(t, os.Mkdir(folder, 0o755))
	url, _ := hidden(t, 2, 20, func(http.ResponseWriter, *http.Request) { os.RemoveAll(folder) })
	code, stdout, stderr := f.run(quick(url, "-o", "folder/run.json", "--max-rate", "100")...)
	require.Equal(t, exitInput, code)
	require.Contains(t, stderr, "run.json: no such file or directory; standard output has it instead")
	var run load.Run
	require.NoError(t, json.NewDecoder(strings.NewReader(stdout)).Decode(&run))
	require.NotEmpty(t, run.Steps)
}

// The package has the defaults of the command, for those who call it from Go.
func TestThePlanOfThePackageIsThatOfTheCommand(t *testing.T) {
	var c loadtestCommand
	parser, err := kong.New(&c)
	require.NoError(t, err)
	_, err = parser.Parse([]string{"http://localhost"})
	require.NoError(t, err)
	require.Equal(t, load.DefaultPlan(), c.plan())
}
