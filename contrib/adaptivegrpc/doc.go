// Package adaptivegrpc limits the calls that a gRPC client has in flight.
//
//	limits := adaptivegrpc.New(limiter)
//	conn, err := grpc.NewClient(target,
//		grpc.WithUnaryInterceptor(limits.Unary),
//		grpc.WithStreamInterceptor(limits.Stream))
//
// A call takes one permit. A unary call gives it back when it returns, a stream
// when it is over: at its last message, at its error, or when its context ends,
// even if nobody receives. A stream that is neither read to its end nor cancelled
// keeps its permit for ever, as gRPC says it keeps its connection's resources;
// cancel what you leave. Streams that last by design would hold permits while the
// downstream does nothing: set [Interceptors.FirstMessage] for them, with
// interceptors and a limiter of their own.
//
// A rejected call is not sent. Its error wraps the guard's, so it matches
// [adaptive.ErrRejected], and its status is ResourceExhausted, or Unavailable if
// a breaker is open; a context that ends during the wait is Canceled or
// DeadlineExceeded, and matches the context's error too. Retries by service config
// happen inside one permit. A call with WaitForReady waits for a connection while
// it holds one.
//
// # What statuses tell
//
// The caller's context comes first: cancelled is Ignored, past its deadline
// TimedOut. Then, by the codes of google.golang.org/grpc/codes:
//
//	Success    OK, and what a working server answers to a wrong or unlucky
//	           request: InvalidArgument, NotFound, AlreadyExists,
//	           PermissionDenied, Unauthenticated, FailedPrecondition, Aborted,
//	           OutOfRange, Unimplemented
//	Refused    ResourceExhausted; Unavailable that carries RetryInfo. Their
//	           RetryInfo (google.rpc) is Retry-After
//	TimedOut   DeadlineExceeded
//	Failure    Unavailable, Internal, Unknown, DataLoss; Canceled while the
//	           caller did not cancel: the connection is closing
//	Ignored    ResourceExhausted of a message that is too large, which gRPC
//	           itself says; a guard behind this one
//	Abandoned  a panic in another interceptor
//
// Unavailable without RetryInfo is a Failure because gRPC itself uses it for
// connections that are refused or break; a server that means overload says
// ResourceExhausted. A caller who leaves a stream early tells nothing.
package adaptivegrpc
