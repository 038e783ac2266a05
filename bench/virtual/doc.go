// Package virtual plays peers that read the wall clock. Only a test may open a bubble
// of testing/synctest, so the player is one: a [Player] is built, started with what is
// to be played in a file, and leaves what came out in another.
package virtual
