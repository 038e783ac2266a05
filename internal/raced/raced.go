// Package raced tells tests of the race detector.
package raced

import "testing"

// Spare leaves t out while the race detector is on, which takes ten times as long and has
// nothing to find in it: t plays simulations in one goroutine, or in the same way
// as another test that stays. A plain run has t whole.
func Spare(t testing.TB) {
	t.Helper()
	if On {
		t.Skip("nothing for the race detector to find")
	}
}
