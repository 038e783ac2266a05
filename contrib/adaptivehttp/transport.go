// Package adaptivehttp limits the requests that an [http.Client] has in flight.
//
// [Transport] is an [http.RoundTripper] that asks an [adaptive.Guard] before each
// request and gives the permit back when the response body ends, so that a
// downstream still busy sending an answer counts as busy. Rejected requests are
// not sent; their error matches [adaptive.ErrRejected] through the *url.Error of
// http.Client.
//
// A body ends at its EOF, at Close, or when the request's context ends,
// whichever is first. A body that is never closed, of a request whose context
// never ends, keeps its permit for ever: close bodies, or set
// [http.Client.Timeout].
//
// Each redirect hop is a call of its own and holds one permit at a time. A
// caller who keeps one body open while sending another request holds two, and
// with a limit of 1 waits for itself. Time spent reading a body is part of the
// round trip; read bodies promptly, and give streams that last by design a
// client of their own or a [Transport] field Classify that answers
// [adaptive.Ignored] for them.
//
// [http.Client.Timeout] covers the wait for a permit and counts as TimedOut after
// it, like a deadline of the request's context. (It costs a goroutine per request
// with any RoundTripper that is not net/http's own; a context's deadline does
// not.) A request that could not be answered in what is left of it is rejected
// rather than sent. Who wants to give up sooner sets Config.MaxWait.
package adaptivehttp

import (
	"context"
	"net/http"

	"github.com/flyball-go/flyball/adaptive"
)

// A Transport is an [http.RoundTripper] that sends what its Guard admits. It is
// safe for concurrent use; its fields must not change after the first request.
type Transport struct {
	Guard    adaptive.Guard                       // decides what is sent; must not be nil
	Base     http.RoundTripper                    // sends it; nil means http.DefaultTransport
	Classify func(*http.Response) adaptive.Result // what an answer tells; must not read its body; nil means Classify
}

// NewTransport returns a Transport that sends through base what g admits. A nil
// base means [http.DefaultTransport]. It panics if g is nil.
func NewTransport(g adaptive.Guard, base http.RoundTripper) *Transport {
	if g == nil {
		panic("adaptivehttp: NewTransport without a Guard")
	}
	return &Transport{Guard: g, Base: base}
}

// RoundTrip waits for a permit and sends req. It returns the error of the guard
// or of the base as it is, and closes the body of a request that it did not
// send. It buffers nothing: the response is the base's, with a body that gives
// the permit back and still is an [io.Writer] or [io.WriterTo] if the base's is.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	permit, err := t.Guard.Acquire(req.Context())
	if err != nil {
		closeBody(req)
		return nil, err
	}
	returned := false
	defer func() { // a panic or Goexit in the base or in Classify goes on
		if !returned {
			permit.Release()
			closeBody(req)
		}
	}()
	resp, err := t.base().RoundTrip(req)
	switch {
	case err != nil:
		permit.DoneResult(failed(req, err))
	case resp == nil:
		permit.Done(adaptive.Failure) // a broken RoundTripper; http.Client says so
	default:
		t.hold(permit, req, resp)
	}
	returned = true
	return resp, err
}

// hold keeps the permit until the body of resp ends.
func (t *Transport) hold(permit adaptive.Permit, req *http.Request, resp *http.Response) {
	classify := t.Classify
	if classify == nil {
		classify = Classify
	}
	answer := classify(resp)
	if bodiless(req, resp) {
		permit.DoneResult(answer)
		return
	}
	b := &body{rc: resp.Body, req: req, permit: permit, answer: answer}
	// The body's Read does not see a context that ends while nobody reads.
	b.unwatch = context.AfterFunc(req.Context(), b.expire)
	resp.Body = b.dressed()
}

// bodiless reports whether resp has no body to wait for. ContentLength is not
// asked: it is 0 in hand-made responses that do have one.
func bodiless(req *http.Request, resp *http.Response) bool {
	return resp.Body == nil || resp.Body == http.NoBody || req.Method == http.MethodHead ||
		resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusNotModified
}

// CloseIdleConnections closes the base's, so that [http.Client.CloseIdleConnections] works.
func (t *Transport) CloseIdleConnections() {
	if c, ok := t.base().(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func (t *Transport) base() http.RoundTripper {
	if t.Base == nil {
		return http.DefaultTransport
	}
	return t.Base
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close() // nobody is left to hear of it
	}
}
