package adaptivehttp_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivehttp"
)

func TestFullHostLeavesTheOthersAlone(t *testing.T) {
	slow, quick := serve(t, "HTTP/1.1", hang), serve(t, "HTTP/1.1", func(http.ResponseWriter, *http.Request) {})
	hosts, err := adaptive.NewKeyed[string](adaptive.KeyedConfig{Limiter: adaptive.Config{Law: "fixed:1", Queue: -1}}, adaptive.Parts{})
	require.NoError(t, err)
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	client := &http.Client{Transport: adaptivehttp.NewPerHost(hosts, base)}
	held := get(t, t.Context(), client, slow.URL)
	_, err = client.Get(slow.URL)
	require.ErrorIs(t, err, adaptive.ErrRejected)
	require.ErrorContains(t, err, slow.Listener.Addr().String(), "which host it is")
	for range 3 {
		resp, err := client.Get(quick.URL)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
	}
	require.NoError(t, held.Body.Close())
	require.Equal(t, 2, hosts.Stats().Keys)
	resp, err := client.Get(slow.URL)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
}

func TestRetryAfterHoldsBackItsHostOnly(t *testing.T) {
	busy := serve(t, "HTTP/1.1", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Retry-After", "30")
		rw.WriteHeader(http.StatusTooManyRequests)
	})
	other := serve(t, "HTTP/1.1", func(http.ResponseWriter, *http.Request) {})
	hosts, err := adaptive.NewKeyed[string](adaptive.KeyedConfig{}, adaptive.Parts{})
	require.NoError(t, err)
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	client := &http.Client{Transport: adaptivehttp.NewPerHost(hosts, base)}
	resp, err := client.Get(busy.URL)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	_, err = client.Get(busy.URL)
	var why *adaptive.RejectedError
	require.ErrorAs(t, err, &why)
	require.Equal(t, adaptive.RejectRetryAfter, why.Reason)
	resp, err = client.Get(other.URL)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
}

func TestNewPerHostWithoutHostsPanics(t *testing.T) {
	require.PanicsWithValue(t, "adaptivehttp: NewPerHost without hosts", func() { adaptivehttp.NewPerHost(nil, nil) })
}
