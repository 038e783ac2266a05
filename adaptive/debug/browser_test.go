package debug_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/adaptive/debug"
	"github.com/flyball-go/flyball/internal/servers"
)

// browse has headless Chromium load the page and run it for some seconds of the
// page's own time, and returns what became of it and what it complained of.
func browse(t *testing.T, url string, flags ...string) (dom, complaints string) {
	t.Helper()
	var out, log strings.Builder
	cmd := exec.CommandContext(t.Context(), servers.Chromium(t), append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir=" + t.TempDir(),
		"--enable-logging=stderr", "--virtual-time-budget=3500"}, append(flags, url)...)...)
	cmd.Stdout, cmd.Stderr = &out, &log
	require.NoError(t, cmd.Run(), &log)
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "CONSOLE") {
			complaints += line
		}
	}
	return out.String(), complaints
}

// FLYBALL_SCREENSHOTS names a folder for pictures of the page.
func TestThePageInABrowser(t *testing.T) {
	busy := limiter(t, "stock")
	for range 3 {
		_, ok := busy.TryAcquire()
		require.True(t, ok)
	}
	sources := []debug.Source{busy, tripped(t, "users"), limiter(t, evil)}
	for range 7 {
		_ = adaptive.Do(t.Context(), busy, succeeds) // err: it is full
	}
	server := httptest.NewServer(debug.New(debug.Config{Sources: sources}))
	defer server.Close()

	dom, complaints := browse(t, server.URL+"/debug/adaptive", "--dump-dom")
	require.Empty(t, complaints)
	require.Contains(t, dom, `role="status">live<`, "it has asked for numbers")
	require.Equal(t, 3, strings.Count(dom, "<section"))
	require.Equal(t, 6, strings.Count(dom, "<svg"), "two charts each")
	require.Contains(t, dom, `aria-label="in flight 3, waiting 0, limit 3"`)
	require.Contains(t, dom, `class="off"`)
	require.Contains(t, dom, `class="full"`)
	require.Contains(t, dom, `class="shut"`, "the time behind an open breaker is marked")
	require.NotContains(t, dom, "pwned</title>")
	require.Contains(t, dom, "<title>Limiters</title>", "hostile names are text")
	require.Equal(t, 1, strings.Count(dom, "<script"))
	require.NotContains(t, dom, "<img")

	if dir := os.Getenv("FLYBALL_SCREENSHOTS"); dir != "" {
		for name, flags := range map[string][]string{
			"light": {"--window-size=1280,1000"}, "dark": {"--window-size=1280,1000", "--blink-settings=preferredColorScheme=0"},
			"phone": {"--window-size=500,1400"},
		} {
			browse(t, server.URL, append(flags, "--screenshot="+filepath.Join(dir, name+".png"))...)
		}
	}
}

func TestAPageBehindAnotherNameShowsNothing(t *testing.T) {
	server := httptest.NewServer(debug.New(debug.Config{Sources: []debug.Source{limiter(t, "stock")}}))
	defer server.Close()
	rebound := strings.Replace(server.URL, "127.0.0.1", "evil.example", 1)
	dom, _ := browse(t, rebound, "--dump-dom", "--host-resolver-rules=MAP evil.example 127.0.0.1")
	require.Contains(t, dom, "Forbidden")
	require.NotContains(t, dom, "stock")
}

// What is quiet above would be heard, and a script that got in would not run.
func TestForeignScriptsDoNotRun(t *testing.T) {
	page := debug.New(debug.Config{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r2 := httptest.NewRecorder()
		page.ServeHTTP(r2, r)
		maps.Copy(w.Header(), r2.Header())
		w.Header().Del("Content-Length")
		_, _ = w.Write(r2.Body.Bytes())
		if r.URL.RawQuery == "" {
			_, _ = w.Write([]byte(`<script>document.title = "pwned"</script>`))
		}
	}))
	defer server.Close()
	dom, complaints := browse(t, server.URL, "--dump-dom")
	require.Contains(t, complaints, "Content Security Policy")
	require.Contains(t, dom, "<title>Limiters</title>")
}
