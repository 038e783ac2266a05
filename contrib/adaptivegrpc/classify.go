package adaptivegrpc

import (
	"context"
	"errors"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/flyball-go/flyball/adaptive"
)

// maxRetryAfter bounds what one answer may ask of all callers. A server that is
// down for longer says so again.
const maxRetryAfter = time.Hour

// Classify tells what err, of a call made under ctx, says about the downstream, as
// the package comment lists it. It is what [Interceptors] without a Classify of
// their own use.
func Classify(ctx context.Context, err error) adaptive.Result {
	if err == nil || ctx.Err() != nil || errors.Is(err, adaptive.ErrRejected) {
		return adaptive.Classify(ctx, err)
	}
	st, ok := status.FromError(err)
	if !ok {
		return adaptive.Classify(ctx, err) // of an interceptor
	}
	switch st.Code() {
	case codes.ResourceExhausted:
		if strings.Contains(st.Message(), "larger than max") {
			return adaptive.Result{Outcome: adaptive.Ignored}
		}
		after, _ := retryInfo(st)
		return adaptive.Result{Outcome: adaptive.Refused, RetryAfter: after}
	case codes.Unavailable:
		if after, said := retryInfo(st); said {
			return adaptive.Result{Outcome: adaptive.Refused, RetryAfter: after}
		}
		return adaptive.Result{Outcome: adaptive.Failure}
	case codes.DeadlineExceeded:
		return adaptive.Result{Outcome: adaptive.TimedOut}
	case codes.Canceled, codes.Unknown, codes.Internal, codes.DataLoss:
		return adaptive.Result{Outcome: adaptive.Failure}
	}
	return adaptive.Result{Outcome: adaptive.Success}
}

// retryInfo reads the delay of a google.rpc.RetryInfo among the details of st,
// within 0 and maxRetryAfter, and whether there is one.
func retryInfo(st *status.Status) (after time.Duration, said bool) {
	for _, d := range st.Details() {
		if r, ok := d.(*errdetails.RetryInfo); ok {
			return min(max(r.GetRetryDelay().AsDuration(), 0), maxRetryAfter), true
		}
	}
	return 0, false
}
