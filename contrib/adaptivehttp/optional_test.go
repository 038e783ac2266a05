package adaptivehttp_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivehttp"
	"github.com/flyball-go/flyball/internal/clienttest"
)

// The optional methods of a body, in any combination.
type (
	plain   struct{ io.Reader }
	drains  struct{ plain }
	writes  struct{ plain }
	doesAll struct{ drains }
)

var errSink = errors.New("sink is full")

func (plain) Close() error                          { return nil }
func (d drains) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, d.Reader) }
func (writes) Write(p []byte) (int, error)          { return len(p), nil }
func (doesAll) Write(p []byte) (int, error)         { return len(p), nil }
func (doesAll) CloseWrite() error                   { return errSink }

func TestBodyKeepsTheOptionalMethodsOfItsBase(t *testing.T) {
	for _, body := range []io.ReadCloser{
		plain{strings.NewReader("data")}, drains{plain{strings.NewReader("data")}},
		writes{plain{strings.NewReader("data")}}, doesAll{drains{plain{strings.NewReader("data")}}},
	} {
		w := clienttest.NewWitness(t, adaptive.Config{})
		resp := answer(t, w, body)
		_, had := body.(io.WriterTo)
		_, has := resp.Body.(io.WriterTo)
		require.Equal(t, had, has, "%T as WriterTo", body)
		_, had = body.(io.Writer)
		out, has := resp.Body.(io.Writer)
		require.Equal(t, had, has, "%T as Writer", body)
		if has {
			n, err := io.WriteString(out, "abc")
			require.NoError(t, err)
			require.Equal(t, 3, n)
			err = out.(interface{ CloseWrite() error }).CloseWrite()
			if _, can := body.(doesAll); can {
				require.ErrorIs(t, err, errSink)
			} else {
				require.ErrorIs(t, err, http.ErrNotSupported)
			}
		}
		w.Held(t)
		var got bytes.Buffer
		_, err := io.Copy(&got, resp.Body) // uses WriteTo if there is one
		require.NoError(t, err)
		require.Equal(t, "data", got.String())
		w.Now(t, adaptive.Success)
		require.NoError(t, resp.Body.Close())
		require.Zero(t, w.Stats().LateEnds)
	}
}

func TestWriteToThatFailsTellsNothing(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{})
	resp := answer(t, w, drains{plain{strings.NewReader("data")}})
	_, err := resp.Body.(io.WriterTo).WriteTo(fullSink{})
	require.ErrorIs(t, err, errSink)
	w.Now(t, adaptive.Ignored)
}

type fullSink struct{}

func (fullSink) Write([]byte) (int, error) { return 0, errSink }

// answer is an answer with the given body, sent through w.
func answer(t *testing.T, w clienttest.Witness, body io.ReadCloser) *http.Response {
	t.Helper()
	rt := adaptivehttp.NewTransport(w, tripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: body}, nil
	}))
	resp, err := rt.RoundTrip(request(t, t.Context(), http.MethodGet, "http://downstream", nil))
	require.NoError(t, err)
	return resp
}
