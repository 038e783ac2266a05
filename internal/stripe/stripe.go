// Package stripe counts on many CPUs at once. One word that they all add to is
// moved from cache to cache with each add; several that goroutines seldom share
// are not.
package stripe

import (
	"sync/atomic"
	"unsafe"
)

// Hint differs between goroutines that run at the same time, because their stacks
// do, and costs nothing to read. It may change from call to call.
func Hint() uint64 {
	var b byte
	return uint64(uintptr(unsafe.Pointer(&b)) >> 10)
}

// Spread is one step of a multiplicative generator; its upper half is well mixed.
func Spread(x uint64) uint64 { return x*0x9E3779B97F4A7C15 + 0xD1B54A32D192ED03 }

// A Counter is a count in stripes. The zero Counter is ready; it must not be
// copied once in use.
type Counter struct {
	_     [56]byte // with what follows a whole cache line, whatever comes before
	cells [1 << bits]cell
}

// Of 16 two goroutines share one in sixteen times, and a Counter takes a KiB, which
// each breaker can have.
const bits = 4

type cell struct {
	n atomic.Uint64
	_ [56]byte
}

// Add counts one more.
func (c *Counter) Add() { c.cells[Spread(Hint())>>(64-bits)].n.Add(1) }

// Load is the count. Adds that run meanwhile are in it or not.
func (c *Counter) Load() (n uint64) {
	for i := range c.cells {
		n += c.cells[i].n.Load()
	}
	return n
}
