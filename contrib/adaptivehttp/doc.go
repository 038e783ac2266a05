// Package adaptivehttp limits the requests that an [http.Client] has in flight.
//
//	client := &http.Client{Transport: adaptivehttp.NewTransport(limiter, nil)}
//
// [Transport] is an [http.RoundTripper] that asks an [adaptive.Guard] before each
// request and gives the permit back when the response body ends, so that a
// downstream still busy sending an answer counts as busy. Rejected requests are
// not sent; their error matches [adaptive.ErrRejected] through the *url.Error of
// http.Client. It works over HTTP/1.1 and HTTP/2, and buffers nothing.
//
// A client that talks to many hosts wants a limit for each: see [NewPerHost].
//
// # When a request ends
//
// A body ends at its EOF, at Close, or when the request's context ends,
// whichever is first. (Where the context ends within the first 20 ms of a body that
// nobody reads or closes, it may take as long until that is seen.) A body that is
// never closed, of a request whose context never ends, keeps its permit for ever:
// close bodies, or set [http.Client.Timeout].
//
// The round trip that teaches the limit is the whole of it, reading included: read
// bodies promptly. Where the time to read depends on the reader rather than on the
// downstream set [Transport.ToHeaders]. Give streams that last by design a
// client of their own, or a Classify that answers [adaptive.Ignored] for them.
//
// Each redirect hop and each retry by a RoundTripper in front is a call of its
// own and holds one permit at a time. A request body is replayed by whoever sends
// it again, from [http.Request.GetBody]: the Transport passes on requests as they
// are. A caller who keeps one body open while sending another request holds two
// permits, and with a limit of 1 waits for itself.
//
// [http.Client.Timeout] covers the wait for a permit and counts as TimedOut after
// it, like a deadline of the request's context. (It costs a goroutine per request
// with any RoundTripper that is not net/http's own; a context's deadline does
// not.) A request that could not be answered in what is left of it is rejected
// rather than sent. Who wants to give up sooner sets Config.MaxWait.
//
// # What answers tell
//
// The request's context comes first: cancelled is Ignored, past its deadline
// TimedOut. Then, by the status codes of RFC 9110 and RFC 6585:
//
//	Success    1xx to 4xx, but 101 and 429
//	Refused    429 and 503, with Retry-After in seconds or as a date, at most an
//	           hour; it holds back all callers, see adaptive.Config.MaxRetryAfter.
//	           502, as proxies say when the server behind them takes no more
//	TimedOut   504, as proxies say when it does not answer; ResponseHeaderTimeout,
//	           TLSHandshakeTimeout and other time-outs of the base
//	Failure    any other status from 500 up; a connection refused, reset or broken,
//	           before or inside the body; names and TLS that fail
//	Ignored    101 Switching Protocols; a guard behind this one
//	Abandoned  a panic in the base
//
// Where a service means something else by them, set [Transport.Classify].
package adaptivehttp
