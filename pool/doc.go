// Package pool runs tasks on goroutines, as many at once as a guard admits.
//
//	lim, err := adaptive.New(adaptive.Config{Name: "users"})
//	…
//	p, err := pool.New(lim, pool.Config{})
//	…
//	users, err := pool.Map(ctx, p, slices.Values(ids), client.User)
//
// A permit is a place to work in: the number of tasks that run follows the limit
// of the guard, whether that is fixed, adaptive or behind a circuit breaker. How a
// task ended is reported to the guard as [adaptive.Do] does. A pool without a guard
// has a limit of its own.
//
// Limit a call once. Where the client has the guard already, as with
// contrib/adaptivehttp, give the pool none and a Config.Limit that is wide enough:
// a task and its call would take two permits, and tasks that hold all of them wait
// for each other.
//
// [Submit] is for one result, [Map], [Gather], [AsCompleted] and [First] for many,
// [Pool.Group] for tasks that stand and fall together, [Pool.Go] and [Pool.Every]
// for those that nobody waits for. [Pool.With] gives tasks a name, a priority, a
// weight and time-outs; [Config] the pool a rate and retries.
//
// Every accepted task has exactly one result: a value, an error, a [PanicError],
// [TimeoutError] or [ErrGoexit] if it ran; why it did not, if it never did. A panic
// never ends the program but where nobody would hear of it, see [Parts].
//
// Tasks that only compute belong in a pool of their own, without a guard: one that
// waits for a downstream should not keep a CPU idle, and one that computes should
// not take a place that stands for a call. See docs/from-asyncio.md for what
// becomes of each of asyncio's tools.
package pool
