package adaptive

import "sync/atomic"

// gate is the limit and the count of calls in flight in one word, so that both
// are read together and admission is strict at every instant.
//
//	63 … 53 untimed · 52 … 28 in flight · 27 … 4 limit less one · 3 … 0 flags
//
// Untimed counts the ends that are counted nowhere else, see [samples.untimed]; it
// is on top, so that it wraps round without a trace.
//
// Why no admission exceeds the limit: every admission is one compare-and-swap
// from a word in which in flight + weight ≤ limit and nothing shuts the gate (or, for a
// waiter that is granted, the waiting flag alone) to the same word with weight
// more in flight. Nothing else adds to in flight, so at that instant the limit in force
// held. The one other way in, by a place that an ended call has kept, takes nothing
// that is not counted in the word already: see kept.go. Lowering the limit leaves
// what is in flight alone; nothing is admitted until it has drained.
//
// Why no wake-up is lost: a waiter sets the waiting flag by a compare-and-swap
// on a word in which there is no room for it, under the queue's mutex. A release is
// one add on the same word, and all operations on a word have one order. Either the
// release comes first, then the compare-and-swap fails and the waiter sees the
// room; or it comes second, then it sees the flag in what the add returns and
// goes to the queue. The flag is cleared only under the mutex, by whoever takes
// the last waiter out. Room is not all that decides whose turn it is, if weights
// differ: so whoever changes the order in the queue looks again, too, after it has
// joined it, left it, or moved the limit.
type gate struct {
	_    [64]byte // alone on its cache line: every call writes it twice
	word atomic.Uint64
	_    [56]byte
}

// word is a value of the gate.
type word uint64

const (
	flagWaiting word = 1 << iota // somebody is in the queue
	flagBarred                   // suspended or closed: nobody is admitted
	flagKeep                     // a call that ends may keep its place; never with those above, nor without the next
	flagKept                     // there may be such places

	shut        = flagWaiting | flagBarred
	limitShift  = 4
	countShift  = 28
	untimedAt   = 53
	limitMask   = 1<<(countShift-limitShift) - 1
	countMask   = 1<<(untimedAt-countShift) - 1
	untimedMask = 1<<(64-untimedAt) - 1
)

// inFlight is how many places are taken, those among them that are kept.
func (w word) inFlight() int   { return int(w >> countShift & countMask) }
func (w word) limit() int      { return int(w>>limitShift&limitMask) + 1 }
func (w word) untimed() uint64 { return uint64(w >> untimedAt) }

// room reports whether n more may be admitted.
func (w word) room(n int) bool { return w.inFlight()+n <= w.limit() }

func (g *gate) load() word { return word(g.word.Load()) }

func (g *gate) swap(old, new word) bool {
	return g.word.CompareAndSwap(uint64(old), uint64(new))
}

// places is n places, as they are counted in the word.
func places(n int) word { return word(n) << countShift }

// admit takes n places if they are free and nobody waits for one. It returns the
// word that decided.
func (g *gate) admit(n int) (w word, ok bool) {
	for {
		w = g.load()
		if w&shut != 0 || !w.room(n) {
			return w, false
		}
		if g.swap(w, w+places(n)) {
			return w + places(n), true
		}
	}
}

// release gives n places back and returns the word after it.
func (g *gate) release(n int) word { return word(g.word.Add(-uint64(places(n)))) }

// releaseUntimed gives one place back and counts the end that it is of.
func (g *gate) releaseUntimed() word {
	return word(g.word.Add(1<<untimedAt - uint64(places(1))))
}

// setLimit sets the limit, from which moment on no place is kept any more, and returns
// the word after it.
func (g *gate) setLimit(n int) word {
	for {
		w := g.load()
		next := w&^(limitMask<<limitShift|flagKeep) | word(n-1)<<limitShift
		if g.swap(w, next) {
			return next
		}
	}
}

// bar admits nobody from now on.
func (g *gate) bar() {
	for {
		if w := g.load(); g.swap(w, w&^flagKeep|flagBarred) {
			return
		}
	}
}

func (g *gate) clear(f word) { g.word.And(^uint64(f)) }
