package load

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const targets = `# what people look for
GET http://localhost:8080/search?q=a
Accept: text/html
Accept: text/plain

POST http://localhost:8080/orders
Content-Type: application/json
@order.json
# no empty line in between
GET http://localhost:8080/
`

func TestTargetsAreReadAsVegetaReadsThem(t *testing.T) {
	asks, err := ReadAsks("f", strings.NewReader(targets), address(t, "http://localhost:8080"), func(path string) ([]byte, error) {
		return []byte(path + "'s"), nil
	})
	require.NoError(t, err)
	require.Equal(t, []Ask{
		{Method: "GET", URL: address(t, "http://localhost:8080/search?q=a"), Header: http.Header{"Accept": {"text/html", "text/plain"}}},
		{Method: "POST", URL: address(t, "http://localhost:8080/orders"), Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte("order.json's")},
		{Method: "GET", URL: address(t, "http://localhost:8080/"), Header: http.Header{}},
	}, asks)
}

func TestFaultsOfTargetsAreToldWithTheirLines(t *testing.T) {
	for text, fault := range map[string]string{
		"":                                     "f: has no target, want lines METHOD URL",
		"\nAccept: text/html":                  `f:2: "Accept: text/html": want METHOD URL, such as GET http://here:80/`,
		"GET http://there:80/":                 "f:1: http://there:80/ is not at http://here:80, which is what is loaded",
		"GET https://here:80/":                 "f:1: https://here:80/ is not at http://here:80",
		"GET http://here:81/":                  "f:1: http://here:81/ is not at",
		"GET http://me@here:80/":               "f:1: has a user in it",
		"GET http://here:80/%zz":               `f:1: parse "http://here:80/%zz": invalid URL escape "%zz"`,
		"(] http://here:80/":                   `f:1: net/http: invalid method "(]"`,
		"GET http://here:80/\nno header":       `f:2: "no header": want NAME: VALUE or @FILE`,
		"GET http://here:80/\n: x":             `f:2: ": x": want NAME: VALUE or @FILE`,
		"GET http://here:80/\nuser-agent: me":  `f:2: "user-agent: me": whoever is loaded may know by whom`,
		"GET http://here:80/\n@gone":           "f:2: gone is gone",
		"GET http://here:80/\n\n@body":         `f:3: "@body": want METHOD URL`,
		"GET ftp://x/\nGET http://here:80/\n!": "f:3: \"!\": want NAME: VALUE or @FILE",
		strings.Repeat("x", 1<<17):             "f: bufio.Scanner: token too long",
	} {
		_, err := ReadAsks("f", strings.NewReader(text), address(t, "http://here:80"), func(path string) ([]byte, error) {
			return nil, errors.New(path + " is gone")
		})
		require.ErrorContains(t, err, fault, text)
	}
}

func TestAsksTakeTurns(t *testing.T) {
	var mu sync.Mutex
	var got []string
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		mu.Lock()
		defer mu.Unlock()
		got = append(got, q.Method+" "+q.Host+q.URL.Path+" "+q.Header.Get("X-A")+q.Header.Get("X-B")+" "+q.UserAgent()+" "+string(body))
	}))
	defer s.Close()
	r := to(t, s)
	r.Header = http.Header{"X-A": {"all"}}
	r.Asks = []Ask{
		{Method: "GET", URL: address(t, s.URL+"/a"), Header: http.Header{"Host": {"shop"}}},
		{Method: "PUT", URL: address(t, s.URL+"/b"), Header: http.Header{"X-A": {"own"}, "X-B": {"2"}}, Body: []byte("body")},
	}
	target, closeAll := r.Target()
	defer closeAll()
	for range 3 {
		require.NoError(t, target(t.Context()))
	}
	a, b := "GET shop/a all flyball-loadtest/test ", "PUT "+strings.TrimPrefix(s.URL, "http://")+"/b own2 flyball-loadtest/test body"
	require.Equal(t, []string{a, b, a}, got)
	_, err := Ceiling(t.Context(), r, 10*time.Millisecond)
	require.NoError(t, err)
	require.Len(t, got, 3, "the ceiling is of a handler of our own")
}
