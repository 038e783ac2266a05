package adaptivehttp

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/flyball-go/flyball/adaptive"
)

// body is a response body that gives its permit back when it ends. As with
// net/http's own bodies, Close may run beside Read.
type body struct {
	rc     io.ReadCloser
	req    *http.Request
	permit adaptive.Permit
	answer adaptive.Result // what the status line told
	ended  atomic.Bool

	// Where it waits to be watched; guarded by the nursery's mu.
	listed     bool
	nursery    *nursery // nil if its context never ends
	prev, next *body
	born       uint64 // the nursery's ticks by then
	unwatch    func() bool
}

// Read reads from the base's body; its error ends the call.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.rc.Read(p)
	if err == io.EOF {
		b.end(b.answer)
	} else if err != nil {
		b.end(b.unless(failed(b.req, err)))
	}
	return n, err
}

// Close closes the base's body and ends the call: whoever closes early has seen
// enough of the answer.
func (b *body) Close() error {
	defer b.end(b.answer)
	return b.rc.Close()
}

func (b *body) end(r adaptive.Result) {
	if !b.ended.Swap(true) {
		b.leave()
		b.permit.DoneResult(r)
	}
}

// expire ends the call because its context has ended, as nobody may be reading then.
func (b *body) expire() { b.end(b.unless(failed(b.req, b.req.Context().Err()))) }

// unless returns what a cut-off body tells: r, unless the status line told
// worse already.
func (b *body) unless(r adaptive.Result) adaptive.Result {
	if b.answer.Outcome != adaptive.Success {
		return b.answer
	}
	return r
}

// dressed returns b with the optional methods that the base's body has, and no
// others: a WriterTo that is none would make io.CopyBuffer drop its buffer.
func (b *body) dressed() io.ReadCloser {
	w, writes := b.rc.(io.Writer)
	to, drains := b.rc.(io.WriterTo)
	switch {
	case writes && drains:
		return struct {
			*body
			duplex
			drain
		}{b, duplex{w}, drain{b, to}}
	case writes:
		return struct {
			*body
			duplex
		}{b, duplex{w}}
	case drains:
		return struct {
			*body
			drain
		}{b, drain{b, to}}
	}
	return b
}

// duplex is the writing half of the body of a 101 Switching Protocols.
type duplex struct{ io.Writer }

// CloseWrite is what net/http gives the bodies of upgraded connections.
func (d duplex) CloseWrite() error {
	if c, ok := d.Writer.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return fmt.Errorf("close write side of response body: %w", http.ErrNotSupported)
}

type drain struct {
	b  *body
	to io.WriterTo
}

// WriteTo writes the rest of the body to w.
func (d drain) WriteTo(w io.Writer) (int64, error) {
	n, err := d.to.WriteTo(w)
	if err == nil {
		d.b.end(d.b.answer)
	} else {
		r, _ := cutOff(d.b.req) // else Ignored: the error may be w's own
		d.b.end(d.b.unless(r))
	}
	return n, err
}
