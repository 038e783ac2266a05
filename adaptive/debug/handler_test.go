package debug_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/adaptive/debug"
	"github.com/flyball-go/flyball/breaker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var _ debug.Source = (*breaker.Breaker)(nil)

const evil = `</script></style></title><script>document.title = "pwned"</script><img src=x onerror="document.title='pwned'">'"` + "`{{.}} \u2028 --><!--"

func limiter(t testing.TB, name string) *adaptive.Limiter {
	l, err := adaptive.New(adaptive.Config{Name: name, Law: "fixed:3", Queue: -1})
	require.NoError(t, err)
	return l
}

// tripped is a breaker whose calls all failed.
func tripped(t testing.TB, name string) *breaker.Breaker {
	b, err := breaker.New(limiter(t, name), breaker.Config{Consecutive: 3})
	require.NoError(t, err)
	for range 3 {
		require.Error(t, adaptive.Do(t.Context(), b, fails))
	}
	require.Equal(t, breaker.Open, b.Stats().State)
	return b
}

func ask(h http.Handler, method, target, host string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.Host = host
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestHosts(t *testing.T) {
	h := debug.New(debug.Config{Hosts: []string{"ops.example"}})
	for _, host := range []string{"localhost", "LocalHost:6060", "localhost.", "127.0.0.1", "127.0.0.1:80", "127.8.9.1:1", "[::1]", "[::1]:6060", "ops.example", "OPS.example:443"} {
		require.Equal(t, http.StatusOK, ask(h, "GET", "/", host).Code, host)
	}
	for _, host := range []string{"", ":80", "evil.example", "evil.example:6060", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.7", "[2001:db8::1]:80", "0.0.0.0", "xops.example", "ops.example.evil", "localhost@evil.example"} {
		for _, target := range []string{"/", "/?format=json", "/?file=page.js"} {
			for _, method := range []string{"GET", "POST"} {
				w := ask(h, method, target, host)
				require.Equal(t, http.StatusForbidden, w.Code, host)
				require.Contains(t, w.Body.String(), "nor in Hosts of debug.Config")
			}
		}
	}
	require.Equal(t, http.StatusForbidden, ask(debug.New(debug.Config{Hosts: []string{""}}), "GET", "/", "").Code, "no name is no name")
}

func TestThePageIsOnlyRead(t *testing.T) {
	h := debug.New(debug.Config{Sources: []debug.Source{limiter(t, "stock")}})
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PATCH"} {
		w := ask(h, method, "/", "localhost")
		require.Equal(t, http.StatusMethodNotAllowed, w.Code, method)
		require.Equal(t, "GET, HEAD", w.Header().Get("Allow"))
	}
	w := ask(h, "HEAD", "/", "localhost")
	require.Equal(t, http.StatusOK, w.Code)
	require.Zero(t, w.Body.Len())
	require.NotEqual(t, "0", w.Header().Get("Content-Length"))
}

func TestWhatIsAskedForAndWhatIsNot(t *testing.T) {
	h := debug.New(debug.Config{Sources: []debug.Source{limiter(t, "stock")}})
	for _, c := range []struct {
		target, accept, kind string
		code                 int
	}{
		{"/", "", "text/html; charset=utf-8", 200},
		{"/deep/below?format=html", "application/json", "text/html; charset=utf-8", 200},
		{"/", "text/html,application/json", "text/html; charset=utf-8", 200},
		{"/", "application/json", "application/json", 200},
		{"/any?format=json", "text/html", "application/json", 200},
		{"/?file=page.css", "", "text/css; charset=utf-8", 200},
		{"/?file=page.js", "", "text/javascript; charset=utf-8", 200},
		{"/?file=page.html", "", "text/plain; charset=utf-8", 404},
		{"/?file=../../go.mod", "", "text/plain; charset=utf-8", 404},
		{"/?format=xml", "", "text/plain; charset=utf-8", 400},
	} {
		w := ask(h, "GET", c.target, "localhost", "Accept", c.accept)
		require.Equal(t, c.code, w.Code, c.target)
		require.Equal(t, c.kind, w.Header().Get("Content-Type"), c.target)
		require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
		require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		require.Equal(t, "same-origin", w.Header().Get("Cross-Origin-Resource-Policy"))
		require.Empty(t, w.Header().Get("Access-Control-Allow-Origin"))
	}
}

type shown struct {
	Limiters []struct {
		Report struct {
			Name    string
			Limit   int
			Ended   map[string]int
			Breaker *struct{ State string }
		}
		Explain   string
		Facts     []struct{ Name, Value string }
		Decisions []struct{ Sentence string }
	}
	LeftOff int `json:"left_off"`
}

func look(t *testing.T, h http.Handler) (s shown) {
	t.Helper()
	require.NoError(t, json.Unmarshal(ask(h, "GET", "/?format=json", "localhost").Body.Bytes(), &s))
	return s
}

func TestJSONHasLimiterBreakerAndReasons(t *testing.T) {
	s := look(t, debug.New(debug.Config{Sources: []debug.Source{limiter(t, "stock"), tripped(t, "users")}}))
	require.Len(t, s.Limiters, 2)
	require.Nil(t, s.Limiters[0].Report.Breaker)
	require.Equal(t, 3, s.Limiters[0].Report.Limit)
	require.NotEmpty(t, s.Limiters[0].Decisions)
	require.Contains(t, s.Limiters[0].Decisions[0].Sentence, "limit")
	users := s.Limiters[1]
	require.Equal(t, "open", users.Report.Breaker.State)
	require.Equal(t, map[string]int{"failure": 3}, users.Report.Ended)
	require.Contains(t, users.Explain, "breaker open since")
	require.NotContains(t, users.Explain, "users")
	require.Contains(t, s.Limiters[1].Facts, struct{ Name, Value string }{"breaker", "open, opened 1 ×"})

	require.JSONEq(t, `{"limiters": []}`, ask(debug.New(debug.Config{}), "GET", "/?format=json", "localhost").Body.String())
}

func TestLimitersThatComeAndGo(t *testing.T) {
	k, err := adaptive.NewKeyed[string](adaptive.KeyedConfig{Limiter: adaptive.Config{Name: "hosts"}}, adaptive.Parts{})
	require.NoError(t, err)
	h := debug.New(debug.Config{Sources: []debug.Source{limiter(t, "z")}, More: debug.Keyed(k)})
	require.Len(t, look(t, h).Limiters, 1)
	for _, key := range []string{"b", "a"} {
		require.NoError(t, adaptive.Do(t.Context(), k.For(key), succeeds))
	}
	s := look(t, h)
	require.Equal(t, []string{"z", "hosts/a", "hosts/b"}, []string{s.Limiters[0].Report.Name, s.Limiters[1].Report.Name, s.Limiters[2].Report.Name})

	many := iter.Seq[debug.Source](func(yield func(debug.Source) bool) {
		l := limiter(t, "one")
		for range 130 {
			if !yield(l) {
				return
			}
		}
	})
	s = look(t, debug.New(debug.Config{More: many}))
	require.Len(t, s.Limiters, 100)
	require.Equal(t, 30, s.LeftOff)
}

func TestNamesThatMayNotBeShown(t *testing.T) {
	h := debug.New(debug.Config{Sources: []debug.Source{limiter(t, "tenant-miller1"), tripped(t, "tenant-miller2")},
		Rename: func(name string) string { return "tenant …" + name[len(name)-1:] }})
	for _, format := range []string{"json", "html"} {
		body := ask(h, "GET", "/?format="+format, "localhost").Body.String()
		require.NotContains(t, body, "miller")
		require.Contains(t, body, "tenant …2")
	}
}

func TestHostileNamesAreText(t *testing.T) {
	h := debug.New(debug.Config{Sources: []debug.Source{tripped(t, evil)}})
	body := ask(h, "GET", "/", "localhost").Body.String()
	require.Equal(t, 1, strings.Count(body, "<script"), "the page's own")
	require.NotContains(t, body, "<img")
	require.NotContains(t, ask(h, "GET", "/?format=json", "localhost").Body.String(), "<img")
}

func TestImportRegistersNothing(t *testing.T) {
	_, pattern := http.DefaultServeMux.Handler(httptest.NewRequest("GET", "http://localhost/debug/adaptive", nil))
	require.Empty(t, pattern)
}

func TestManyLookWhileCallsGoOn(t *testing.T) {
	b := tripped(t, "users")
	h := debug.New(debug.Config{Sources: []debug.Source{b}})
	done := make(chan struct{})
	for range 4 {
		go func() {
			defer func() { done <- struct{}{} }()
			for range 50 {
				_ = adaptive.Do(t.Context(), b, succeeds) // err: rejected, mostly
				_, _ = io.Copy(io.Discard, ask(h, "GET", "/", "localhost").Body)
			}
		}()
	}
	for range 4 {
		<-done
	}
}

var errDown = errors.New("down")

func fails(context.Context) error { return errDown }

func succeeds(context.Context) error { return nil }
