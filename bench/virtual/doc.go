// Package virtual plays peers that read the wall clock. Only a test may open a bubble
// of testing/synctest, so the player is one: [Play] builds it, starts it with what is
// to be played in a file, and reads what came out from another.
package virtual
