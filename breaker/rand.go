package breaker

import (
	crand "crypto/rand"
	"math/rand/v2"
)

// newRand is a source of jitter for a program that brings none: the breakers of a
// fleet must not draw the same.
func newRand() *rand.Rand {
	var seed [32]byte
	_, _ = crand.Read(seed[:]) // never fails
	return rand.New(rand.NewChaCha8(seed))
}
