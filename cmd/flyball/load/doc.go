// Package load drives a real target with an open loop and finds its knee: the
// highest rate at which it still keeps up.
//
// Open loop means that calls begin at instants that are fixed in advance, whether
// or not earlier ones have ended. Of each call two times are taken: the service
// time, from when it began, and the response time, from when it should have begun.
// A caller that waits for answers hides the difference, which is known as
// coordinated omission. How late calls began is measured as well, so that a
// generator at its end is not taken for a target at its end.
//
// The attacker of vegeta was considered and does not fit: it times calls from when
// they were sent, becomes a closed loop at its most workers, calls HTTP only, and
// resolves names by itself, so that the address that was checked need not be the
// one that is dialled.
//
// Load goes to loopback unless the user says twice that it may go elsewhere, see
// [Resolve].
package load
