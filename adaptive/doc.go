// Package adaptive limits how many calls a client has in flight to a
// downstream, and finds that limit by itself.
//
// A [Guard] admits calls. An admitted call holds a [Permit] and ends with an
// [Outcome]. A [Limiter] is the Guard that counts calls in flight; once per
// window it hands what it measured to a [Controller], a [Law] at work, which
// answers with the next limit and with how the next window is to be collected.
//
// Most programs make one Limiter per downstream, share it, and call [Do],
// [DoValue] or [Wrap]:
//
//	lim, err := adaptive.New(adaptive.Config{})
//	…
//	user, err := adaptive.DoValue(ctx, lim, func(ctx context.Context) (*User, error) {
//		return client.User(ctx, id)
//	})
//
// Where a call does not end in the function that started it (an HTTP body, a
// stream, a task in a pool) take a [Permit] with [Limiter.Acquire] and end it
// with [Permit.Done] when the call is over.
//
// Where calls go to many hosts, tenants or endpoints, a [Keyed] keeps a Limiter for
// each. A new configuration is put in force by [Limiter.Reconfigure], tried without
// consequences by Config.Observe, and read from a file by package configfile; what
// was decided and why is in [Limiter.Explain], [Limiter.Decisions] and, with
// [LogDecisions], in a log.
//
// Calls may weigh more than one permit, go before others, or have a deadline on the
// Limiter's clock: [Limiter.With]. Where more than 16,384 calls end a second, only some are
// timed, drawn at random; outcomes are counted of all. A law then sees as many round
// trips as it asked for, of more calls; docs/adr/0008 says what that costs in
// accuracy, and [Config].TimeOneIn 1 times every call.
//
// The package starts no goroutine, imports only the standard library and calls
// no user code while it holds a lock. Time is an argument: a [Clock] given in
// [Parts] makes the same Limiter run in virtual time, which is how package
// simulate drives it.
package adaptive
