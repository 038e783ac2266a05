// Package pool runs tasks on goroutines, as many at once as a guard admits.
//
// A permit is a worker: there are no idle ones, and the number of tasks that run
// follows the limit of the guard, whether that is fixed, adaptive or behind a
// circuit breaker. How a task ended is reported to the guard as [adaptive.Do]
// does.
//
// [Submit] is for one result, [Map] for many in order, [Pool.Group] for tasks
// that stand and fall together, [Pool.Go] for those nobody waits for. Every
// accepted task has exactly one result: a value, an error, a [PanicError] or
// [ErrGoexit] if it ran; why it did not, if it never did.
package pool
