package simulate

import (
	"hash/fnv"
	"math/rand/v2"
)

// stream is the seed of a named random stream. Streams of different names or
// replicas have nothing to do with each other, so that a new component never
// shifts the draws of another.
type stream struct{ a, b uint64 }

func newStream(seed uint64, component string, replica uint64) stream {
	h := fnv.New64a()
	h.Write([]byte(component)) // never fails
	a := mix(seed ^ mix(h.Sum64()))
	return stream{a, mix(a + mix(replica+1))}
}

// sequence is a stream that is drawn from in order.
func (s stream) sequence() *rand.Rand { return rand.New(rand.NewPCG(s.a, s.b)) }

// dice throws the draws of single calls: each call has a stream position of its
// own, so that what a guard did with the calls before it changes nothing.
type dice struct {
	pcg rand.PCG
	rnd *rand.Rand
}

func newDice() *dice {
	d := &dice{}
	d.rnd = rand.New(&d.pcg)
	return d
}

// at is the stream s at the position of try number n of a call. It is valid
// until the next at.
func (d *dice) at(s stream, id uint64, n uint32) *rand.Rand {
	p := mix(id + s.a)
	d.pcg.Seed(p, mix(p+uint64(n))^s.b)
	return d.rnd
}

// mix is the finalizer of SplitMix64: any change of x changes half of the bits.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
