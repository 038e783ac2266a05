package adaptivegrpc

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/flyball-go/flyball/adaptive"
)

// unsent is the error of a call that was not sent: the guard's, with the status
// that callers of gRPC look for.
type unsent struct {
	error
	code codes.Code
}

func (e *unsent) Unwrap() error              { return e.error }
func (e *unsent) GRPCStatus() *status.Status { return status.New(e.code, e.Error()) }

func notSent(ctx context.Context, err error) error {
	var why *adaptive.RejectedError
	switch {
	case !errors.Is(err, adaptive.ErrRejected):
		return &unsent{err, status.FromContextError(ctx.Err()).Code()}
	case errors.As(err, &why) && overloaded[why.Reason]:
		return &unsent{err, codes.ResourceExhausted}
	}
	return &unsent{err, codes.Unavailable} // a breaker is open, or the limiter is closed
}

// overloaded are the reasons that say: too many calls. The others say that there
// is nobody to call.
var overloaded = [adaptive.RejectReasons]bool{
	adaptive.RejectLimit: true, adaptive.RejectQueueFull: true, adaptive.RejectQueueTimeout: true,
	adaptive.RejectDeadline: true, adaptive.RejectRetryAfter: true, adaptive.RejectKeys: true,
}
