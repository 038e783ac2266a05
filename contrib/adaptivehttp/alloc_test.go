package adaptivehttp_test

import (
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivehttp"
)

// eof is a body that has been read.
type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }
func (eof) Close() error             { return nil }

func TestGuardedRequestAllocatesOnce(t *testing.T) {
	lim, err := adaptive.New(adaptive.Config{})
	require.NoError(t, err)
	resp := &http.Response{StatusCode: http.StatusOK}
	rt := adaptivehttp.NewTransport(lim, tripper(func(*http.Request) (*http.Response, error) {
		resp.Body = eof{}
		return resp, nil
	}))
	cancellable, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, ctx := range []context.Context{context.Background(), cancellable} {
		req := request(t, ctx, http.MethodGet, "http://downstream", nil)
		require.EqualValues(t, 1, testing.AllocsPerRun(1000, func() {
			got, _ := rt.RoundTrip(req)
			_ = got.Body.Close()
		}))
	}
}
