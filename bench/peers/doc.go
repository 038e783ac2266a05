// Package peers makes candidates of other people's limiters, so that a simulation can
// play them where it plays ours.
//
// failsafe-go's adaptive limiter is the library itself, unmodified. It reads the wall
// clock, so a run of it belongs into a bubble of testing/synctest, whose clock it moves.
//
// The others are written in other languages, or look at the CPUs of their own machine.
// They are re-expressed here from what is published of them; each file says from where,
// and its test holds it against figures that its authors publish or against what is
// known of it.
//
// All are unbounded, 1 to 100,000, so that laws are compared and not their caps, and
// start where they start.
package peers
