//go:build race

package raced

// On tells whether it is on.
const On = true
