package adaptiveredis

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/flyball-go/flyball/adaptive"
)

// Classify tells what err, of a command sent under ctx, says about the server, as
// the package comment lists it. It is what a [Hook] without a Classify of its own
// uses.
func Classify(ctx context.Context, err error) adaptive.Result {
	if err == nil {
		return adaptive.Result{Outcome: adaptive.Success}
	}
	return failed(ctx, err) // not here, where its variables would cost an allocation
}

func failed(ctx context.Context, err error) adaptive.Result {
	var reply redis.Error
	if errors.As(err, &reply) {
		return adaptive.Result{Outcome: replied(err, reply.Error())}
	}
	r := adaptive.Classify(ctx, err)
	if r.Outcome != adaptive.Failure {
		return r
	}
	var slow net.Error
	switch {
	case errors.Is(err, redis.ErrClosed):
		r.Outcome = adaptive.Ignored
	case errors.Is(err, redis.ErrPoolTimeout), errors.As(err, &slow) && slow.Timeout():
		r.Outcome = adaptive.TimedOut
	}
	return r
}

// replied tells what an error reply says. Redis puts a code first, in capitals;
// "max number of clients reached" comes with the general ERR.
func replied(err error, text string) adaptive.Outcome {
	switch code, _, _ := strings.Cut(text, " "); code {
	case "LOADING", "BUSY", "OOM", "TRYAGAIN", "CLUSTERDOWN":
		return adaptive.Refused
	case "READONLY", "MASTERDOWN", "NOREPLICAS", "MISCONF":
		return adaptive.Failure
	}
	if redis.IsMaxClientsError(err) {
		return adaptive.Refused
	}
	return adaptive.Success
}
