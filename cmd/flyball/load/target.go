package load

import (
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"syscall"

	"github.com/flyball-go/flyball/adaptive"
)

// A Target makes one call. Nil means that it was served. It is called by many
// goroutines at once and has to return soon after ctx is done.
type Target func(ctx context.Context) error

// Status is the error of an answer that is none to be counted as served.
type Status int

func (s Status) Error() string { return "status " + strconv.Itoa(int(s)) }

// Refused reports whether the target says that it has too much to do.
func (s Status) Refused() bool { return s == 429 || s == 503 }

// errRedirect and errEndless are answers that are not followed to their end.
var (
	errRedirect = errors.New("redirect, not followed")
	errEndless  = errors.New("body too long")
)

const timeout = "timeout"

// kind names an error in a few words, so that equal ones can be counted.
func kind(err error) string {
	var status Status
	var network net.Error
	switch {
	case errors.Is(err, adaptive.ErrRejected):
		return "rejected"
	case errors.As(err, &status):
		return status.Error()
	case errors.Is(err, errRedirect):
		return errRedirect.Error()
	case errors.Is(err, errEndless):
		return errEndless.Error()
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return timeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection lost"
	default:
		return "other"
	}
}
