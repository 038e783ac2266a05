package adaptivehttp

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// maxRetryAfter bounds what one answer may ask of all callers. A server that is
// down for longer says so again.
const maxRetryAfter = time.Hour

// Classify tells what an answer says about the downstream, as the package comment
// lists it. It is what a [Transport] without a Classify of its own uses. A 101 is
// Ignored because an upgraded connection lasts as long as its users like.
func Classify(resp *http.Response) adaptive.Result {
	switch code := resp.StatusCode; {
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable, code == http.StatusBadGateway:
		return adaptive.Result{Outcome: adaptive.Refused, RetryAfter: retryAfter(resp.Header, time.Now())}
	case code == http.StatusGatewayTimeout:
		return adaptive.Result{Outcome: adaptive.TimedOut}
	case code >= http.StatusInternalServerError:
		return adaptive.Result{Outcome: adaptive.Failure}
	case code == http.StatusSwitchingProtocols:
		return adaptive.Result{Outcome: adaptive.Ignored}
	}
	return adaptive.Result{Outcome: adaptive.Success}
}

// retryAfter reads the first Retry-After of h, in seconds or as a date, within 0
// and maxRetryAfter. Anything else is as good as none.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	seconds, err := strconv.ParseUint(value, 10, 64)
	switch {
	case err == nil:
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	case errors.Is(err, strconv.ErrRange):
		return maxRetryAfter
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	// The server's date is held against the server's clock, which may not be ours.
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}

// failed tells what an error of the base, or of reading a body, says about the
// downstream. The context is asked first: net/http reports its end as its cause,
// which may be any error.
func failed(req *http.Request, err error) adaptive.Result {
	if r, cut := cutOff(req); cut {
		return r
	}
	r := adaptive.Classify(context.Background(), err)
	var late interface{ Timeout() bool }
	if r.Outcome == adaptive.Failure && errors.As(err, &late) && late.Timeout() {
		r.Outcome = adaptive.TimedOut // such as Transport.TLSHandshakeTimeout
	}
	return r
}

// cutOff reports whether req's context has ended, and what that tells.
func cutOff(req *http.Request) (r adaptive.Result, cut bool) {
	switch req.Context().Err() {
	case context.Canceled:
		return adaptive.Result{Outcome: adaptive.Ignored}, true
	case context.DeadlineExceeded:
		return adaptive.Result{Outcome: adaptive.TimedOut}, true
	}
	// http.Client.Timeout has a timer of its own beside the context's, which may
	// cancel the request first.
	deadline, ok := req.Context().Deadline()
	if ok && !time.Now().Before(deadline) {
		return adaptive.Result{Outcome: adaptive.TimedOut}, true
	}
	return adaptive.Result{}, false
}
