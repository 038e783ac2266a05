package load

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"
)

// A Request is a target that speaks HTTP.
type Request struct {
	URL     *url.URL
	Method  string      // "" means GET
	Header  http.Header // of all requests
	Body    []byte
	Asks    []Ask    // take turns in place of URL, Method and Body, if there are any
	HTTP2   bool     // nothing else; without TLS by prior knowledge
	Dial    []string // addresses that [Resolve] has checked
	Agent   string   // User-Agent, which Header cannot replace
	Conns   int      // most connections
	MaxBody int64    // of an answer, bytes

	Through func(http.RoundTripper) http.RoundTripper // in front of the transport; nil means nothing
}

// Target returns the target, and what closes its connections. Redirects are not
// followed, proxies of the environment not asked, and an answer that does not end
// within MaxBody is an error.
func (r *Request) Target() (t Target, closeAll func()) {
	var protocols http.Protocols
	protocols.SetHTTP1(!r.HTTP2)
	protocols.SetHTTP2(r.HTTP2 || r.URL.Scheme == "https")
	protocols.SetUnencryptedHTTP2(r.HTTP2)
	transport := &http.Transport{
		Proxy:               nil,
		DialContext:         r.dial,
		Protocols:           &protocols,
		MaxConnsPerHost:     r.Conns,
		MaxIdleConns:        r.Conns,
		MaxIdleConnsPerHost: r.Conns,
		DisableCompression:  true, // what is measured is the target
	}
	var through http.RoundTripper = transport
	if r.Through != nil {
		through = r.Through(transport)
	}
	prepared := r.prepared()
	var turn atomic.Uint64
	return func(ctx context.Context) error {
		ask := &prepared[(turn.Add(1)-1)%uint64(len(prepared))]
		q, err := http.NewRequestWithContext(ctx, ask.Method, ask.URL.String(), bytes.NewReader(ask.Body))
		if err != nil {
			return err
		}
		q.Header = ask.Header.Clone()
		q.Host = q.Header.Get("Host")
		q.Header.Del("Host")
		// Not through a Client, which would follow redirects.
		a, err := through.RoundTrip(q)
		if err != nil {
			return err
		}
		defer a.Body.Close()
		n, err := io.Copy(io.Discard, io.LimitReader(a.Body, r.MaxBody+1))
		switch {
		case err != nil:
			return err
		case n > r.MaxBody:
			return fmt.Errorf("%w: more than %d bytes", errEndless, r.MaxBody)
		case a.StatusCode >= 400:
			return Status(a.StatusCode)
		case a.StatusCode >= 300 && a.StatusCode != http.StatusNotModified:
			return fmt.Errorf("%w: status %d to %q; give that URL if it is the target", errRedirect, a.StatusCode, a.Header.Get("Location"))
		}
		return nil
	}, transport.CloseIdleConnections
}

// prepared are the asks with all that is common to them.
func (r *Request) prepared() []Ask {
	asks := slices.Clone(r.Asks)
	if len(asks) == 0 {
		asks = []Ask{{Method: cmp.Or(r.Method, http.MethodGet), URL: r.URL, Body: r.Body}}
	}
	for i := range asks {
		header := r.Header.Clone()
		if header == nil {
			header = http.Header{}
		}
		maps.Copy(header, asks[i].Header)
		header.Set("User-Agent", r.Agent)
		asks[i].Header = header
	}
	return asks
}

// dial ignores the address that the transport asks for: only what was checked is
// dialled.
func (r *Request) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	d := net.Dialer{Timeout: 10 * time.Second}
	var errs []error
	for _, addr := range r.Dial {
		c, err := d.DialContext(ctx, network, addr)
		if err == nil {
			return c, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}
