package load

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// names is a resolver.
type names map[string][]string

func (n names) LookupNetIP(_ context.Context, _, host string) (addrs []netip.Addr, err error) {
	if n[host] == nil {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	for _, a := range n[host] {
		addrs = append(addrs, netip.MustParseAddr(a))
	}
	return addrs, nil
}

func address(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	require.NoError(t, err)
	return u
}

func TestLoadStaysOnThisMachine(t *testing.T) {
	dns := names{"here": {"127.0.0.1", "::1", "::ffff:127.0.0.2"}, "there": {"192.0.2.7"}, "both": {"127.0.0.1", "192.0.2.7"}, "cloud": {"169.254.169.254"},
		"mapped": {"::ffff:192.0.2.7"}, "any": {"0.0.0.0"}, "none": {}}
	own := func(host string) Leave { return Leave{Remote: true, Owned: host} }
	for _, c := range []struct {
		url   string
		leave Leave
		dial  []string
		fault string
	}{
		{"http://here:80/", Leave{}, []string{"127.0.0.1:80", "[::1]:80", "127.0.0.2:80"}, ""},
		{"https://here", Leave{}, []string{"127.0.0.1:443", "[::1]:443", "127.0.0.2:443"}, ""},
		{"http://there", Leave{}, nil, "there resolves to 192.0.2.7, which is not this machine; if you may load it, say --allow-remote --i-own there"},
		{"http://both", Leave{}, nil, "both resolves to 192.0.2.7"},
		{"http://mapped", Leave{}, nil, "mapped resolves to 192.0.2.7"},
		{"http://there", Leave{Remote: true}, nil, `--allow-remote needs --i-own there, has ""`},
		{"http://there", Leave{Owned: "there"}, nil, "say --allow-remote"},
		{"http://there", own("here"), nil, `needs --i-own there, has "here"`},
		{"http://there", own("There"), []string{"192.0.2.7:80"}, ""},
		{"http://cloud", own("cloud"), nil, "never a target"},
		{"http://any", own("any"), nil, "never a target"},
		{"http://nowhere", Leave{}, nil, "resolve nowhere: lookup nowhere: no such host"},
		{"http://none", Leave{}, nil, "has no address"},
	} {
		dial, err := resolve(t.Context(), dns, address(t, c.url), c.leave)
		if c.fault != "" {
			require.ErrorContains(t, err, c.fault)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, c.dial, dial)
	}
}

// to is a request to a server of the test.
func to(t *testing.T, s *httptest.Server) Request {
	t.Helper()
	u := address(t, s.URL)
	dial, err := Resolve(t.Context(), u, Leave{})
	require.NoError(t, err)
	return Request{URL: u, Dial: dial, Agent: "flyball-loadtest/test", Conns: 4, MaxBody: 1000}
}

func call(t *testing.T, r Request) error {
	t.Helper()
	target, closeAll := r.Target()
	defer closeAll()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return target(ctx)
}

func TestRequestIsWhatWasAskedFor(t *testing.T) {
	// Whoever asks the environment for a proxy would go there.
	t.Setenv("HTTP_PROXY", "http://192.0.2.7:9")
	got := make(chan *http.Request, 1)
	body := make(chan string, 1)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		data, _ := io.ReadAll(q.Body)
		body <- string(data)
		got <- q
	}))
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	defer s.Close()
	for major, second := range map[int]bool{1: false, 2: true} {
		r := to(t, s)
		r.URL.Host = "staging.example:80" // not looked up again: the checked address is dialled
		r.Method, r.Body, r.HTTP2 = "PUT", []byte("load"), second
		r.Header = http.Header{"X-Key": {"a", "b"}, "User-Agent": {"somebody else"}, "Host": {"virtual"}}
		require.NoError(t, call(t, r))
		require.Equal(t, "load", <-body)
		q := <-got
		require.Equal(t, major, q.ProtoMajor)
		require.Equal(t, "PUT", q.Method)
		require.Equal(t, "virtual", q.Host)
		require.Equal(t, []string{"a", "b"}, q.Header["X-Key"])
		require.Equal(t, "flyball-loadtest/test", q.UserAgent())
	}
}

func TestBadAnswers(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		switch q.URL.Path {
		case "/moved":
			http.Redirect(w, q, other.URL, http.StatusFound)
		case "/endless":
			for q.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat("x", 100)); err != nil {
					return
				}
			}
		case "/busy":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/lost":
			panic(http.ErrAbortHandler)
		}
	}))
	defer s.Close()
	for path, want := range map[string]string{"/moved": "redirect, not followed", "/endless": "body too long", "/busy": "status 503", "/lost": "connection lost"} {
		r := to(t, s)
		r.URL.Path = path
		err := call(t, r)
		require.Error(t, err, path)
		require.Equal(t, want, kind(err), err)
	}
	require.Zero(t, elsewhere.Load())

	r := to(t, s)
	s.Close()
	require.Equal(t, "connection refused", kind(call(t, r)))
}

func TestTLSOfNobodyKnown(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	require.ErrorContains(t, call(t, to(t, s)), "certificate")
}

func TestKinds(t *testing.T) {
	require.Equal(t, "timeout", kind(context.DeadlineExceeded))
	require.Equal(t, "other", kind(errors.New("anything")))
	require.True(t, Status(429).Refused())
	require.False(t, Status(500).Refused())
}
