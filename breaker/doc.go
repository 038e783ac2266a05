// Package breaker puts a circuit breaker in front of an adaptive limiter.
//
//	lim, err := adaptive.New(adaptive.Config{Name: "users"})
//	…
//	b, err := breaker.New(lim, breaker.Config{})
//	…
//	err = adaptive.Do(ctx, b, call)
//
// The state machine is gobreaker's: closed, open, half-open, and back. Time, the
// rules that trip and the safety of probes are this package's, so that a breaker
// runs on the limiter's clock, and a probe that never reports does not keep it
// half-open.
//
// While closed, a call only adds to counters. A rule of [Config] opens the breaker:
// silence, which sees calls that hang before any has ended; a share of failures or of
// slow calls; failures in a row; a limit at its floor. Then the limiter is
// suspended, its law learns nothing, and calls that wait for a permit are
// rejected at once. After the open time one probe goes ahead, and if it succeeds
// others follow, up to ten: the root of the limit before the outage. Once a share of
// them has succeeded the breaker closes, and the limit starts at a quarter of what
// it was and doubles back; if too many fail, or their time is over, it opens again,
// for longer.
//
// A call meets the breaker's state first, then the limiter, then, in half-open,
// gobreaker's permission. Calls that the limiter rejects, and those whose caller
// gave up, never count. Operators can force a state.
//
// There is no goroutine: a breaker moves on when it is called. An open one on the
// machine's clock arms a timer that sets a flag, so that rejecting costs no look at
// the clock. [Wrap] adopts a gobreaker that a program has already. docs/breaker.md
// has the rules, the defaults and how they were chosen.
package breaker
