package adaptivehttp_test

import (
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivehttp"
	"github.com/flyball-go/flyball/internal/clienttest"
)

func TestConformance(t *testing.T) {
	for _, proto := range protocols {
		t.Run(proto, func(t *testing.T) {
			srv := serve(t, proto, func(rw http.ResponseWriter, r *http.Request) {
				for range 256 {
					if _, err := rw.Write(make([]byte, clienttest.Large/256)); err != nil {
						return
					}
				}
			})
			open := func(ctx context.Context, g adaptive.Guard, n clienttest.Network) (clienttest.Answer, error) {
				base := srv.Client().Transport.(*http.Transport).Clone()
				base.DialContext = n.Dial
				if proto == "h2c" && n.TLS == nil {
					base.Protocols = h2c()
				}
				scheme := "http://"
				if n.TLS != nil {
					base.TLSClientConfig = n.TLS.Clone()
					scheme = "https://"
				} else if srv.TLS != nil {
					scheme = "https://"
					base.TLSClientConfig.ServerName = "example.com" // whatever the relay's address
				}
				client := &http.Client{Transport: adaptivehttp.NewTransport(g, base)}
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+n.Addr, nil)
				if err != nil {
					return clienttest.Answer{}, err
				}
				resp, err := client.Do(req)
				if err == nil {
					_, err = io.ReadFull(resp.Body, make([]byte, 1))
				}
				if err != nil {
					client.CloseIdleConnections()
					return clienttest.Answer{}, err
				}
				return clienttest.Answer{
					Read:  func() error { _, err := io.Copy(io.Discard, resp.Body); return err },
					Close: resp.Body.Close,
					Leave: func() { _ = resp.Body.Close(); client.CloseIdleConnections() },
				}, nil
			}
			clienttest.Client{
				Server: srv.Listener.Addr().String(),
				Open:   open,
				Call: func(ctx context.Context, g adaptive.Guard, n clienttest.Network) error {
					a, err := open(ctx, g, n)
					if err != nil {
						return err
					}
					defer a.Leave()
					return a.Read()
				},
				Below: func(ctx context.Context, g adaptive.Guard, f func()) error {
					base := tripper(func(*http.Request) (*http.Response, error) { f(); return nil, nil })
					_, err := adaptivehttp.NewTransport(g, base).RoundTrip(request(t, ctx, http.MethodGet, srv.URL, nil))
					return err
				},
			}.Run(t)
		})
	}
}
