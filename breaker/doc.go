// Package breaker puts a circuit breaker in front of an adaptive limiter.
//
//	lim, err := adaptive.New(adaptive.Config{Name: "users"})
//	…
//	b, err := breaker.New(lim, breaker.Config{})
//	…
//	err = adaptive.Do(ctx, b, call)
//
// The state machine is gobreaker's: closed, open, half-open, and back. Time, the
// rule that trips and the safety of probes are this package's, so that a breaker
// runs on the limiter's clock, and a probe that never reports does not keep it
// half-open.
//
// While closed, a call only adds to a counter of its own. When the share of
// failures in the window reaches Config.Rate, the breaker opens: the limiter is
// suspended, its law learns nothing, and calls that wait for a permit are
// rejected at once. After the open time up to ten probes go out, the root of the
// limit before the outage. Once as many have succeeded the breaker closes, and
// the limit starts at a quarter of what it was and doubles back; if too many
// fail first, it opens again, for longer.
//
// A call meets the breaker's state first, then the limiter, then, in half-open,
// gobreaker's permission. Calls that the limiter rejects, and those whose caller
// gave up, never count.
//
// There is no goroutine and no timer: a breaker moves on when it is called.
package breaker
