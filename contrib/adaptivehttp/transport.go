package adaptivehttp

import (
	"net/http"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// A Transport is an [http.RoundTripper] that sends what its Guard admits. It is
// safe for concurrent use; after the first request its fields must not change, nor it
// be copied.
type Transport struct {
	Guard    adaptive.Guard                       // decides what is sent; must not be nil unless For is set
	For      func(*http.Request) adaptive.Guard   // the guard of a request, such as its host's; nil means Guard
	Base     http.RoundTripper                    // sends it; nil means http.DefaultTransport
	Classify func(*http.Response) adaptive.Result // what an answer tells; must not read its body; nil means Classify

	// ToHeaders makes the time to the headers the round trip that teaches the limit,
	// instead of the time to the end of the body. The permit lasts until the body
	// ends either way.
	ToHeaders bool

	young nursery
}

// NewTransport returns a Transport that sends through base what g admits. A nil
// base means [http.DefaultTransport]. It panics if g is nil.
func NewTransport(g adaptive.Guard, base http.RoundTripper) *Transport {
	if g == nil {
		panic("adaptivehttp: NewTransport without a Guard")
	}
	return &Transport{Guard: g, Base: base}
}

// NewPerHost returns a Transport that sends through base what the host's guard
// admits: where one host is overloaded, requests to the others go on. A host is what
// the URL says, port included. It panics if hosts is nil.
func NewPerHost(hosts *adaptive.Keyed[string], base http.RoundTripper) *Transport {
	if hosts == nil {
		panic("adaptivehttp: NewPerHost without hosts")
	}
	return &Transport{Base: base, For: func(req *http.Request) adaptive.Guard { return hosts.For(req.URL.Host) }}
}

// RoundTrip waits for a permit and sends req. It returns the error of the guard
// or of the base as it is, and closes the body of a request that it did not
// send. It buffers nothing: the response is the base's, with a body that gives
// the permit back and still is an [io.Writer] or [io.WriterTo] if the base's is.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	permit, err := t.guard(req).Acquire(req.Context())
	if err != nil {
		closeBody(req)
		return nil, err
	}
	var sent time.Time
	if t.ToHeaders {
		sent = time.Now()
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
		t.hold(permit, req, resp, sent)
	}
	returned = true
	return resp, err
}

// hold keeps the permit until the body of resp ends.
func (t *Transport) hold(permit adaptive.Permit, req *http.Request, resp *http.Response, sent time.Time) {
	classify := t.Classify
	if classify == nil {
		classify = Classify
	}
	answer := classify(resp)
	if t.ToHeaders && answer.Outcome == adaptive.Success && answer.Took == 0 {
		answer.Took = max(time.Since(sent), 1)
	}
	if bodiless(req, resp) {
		permit.DoneResult(answer)
		return
	}
	b := &body{rc: resp.Body, req: req, permit: permit, answer: answer}
	if req.Context().Done() != nil {
		t.young.add(b)
	}
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

func (t *Transport) guard(req *http.Request) adaptive.Guard {
	if t.For == nil {
		return t.Guard
	}
	return t.For(req)
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
