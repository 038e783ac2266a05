package adaptive

import (
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"time"
)

// Keyed is a set of Limiters, one for each key, such as the host, the tenant or the
// endpoint of a call: where one is overloaded, the others go on. A key's Limiter is made
// when the key is first used. Make it with [NewKeyed] and share it: its methods are
// safe for concurrent use.
//
// Keys may come from outside, so their number is bounded. A new key that finds
// KeyedConfig.MaxKeys of them takes the place of all that have been idle for
// KeyedConfig.Idle, or else of the one that has been idle for longest. What its Limiter
// had learned is lost. One with a call in flight or waiting, or held back by a
// Retry-After, never goes; if all are like that, the call is rejected for
// [RejectKeys]. A key so never has two Limiters that admit, whoever holds its
// Guard for how long.
type Keyed[K comparable] struct {
	keys  sync.Map // K → *keyGuard[K]
	c     KeyedConfig
	parts Parts
	full  *RejectedError
	clock Clock
	base  time.Time

	rejected atomic.Uint64

	mu            sync.Mutex // guards what follows and what is put into and taken out of keys
	n             int
	made, evicted uint64
	gone          Stats // counters of the evicted
}

// NewKeyed returns a Keyed without keys, or all faults of c joined. Every Limiter
// gets parts; [Decision.Name] tells which one decided.
func NewKeyed[K comparable](c KeyedConfig, parts Parts) (*Keyed[K], error) {
	_, err := NewWith(c.Limiter, parts) // finds what is wrong with either
	if err = errors.Join(c.validateNumbers(), err); err != nil {
		return nil, err
	}
	k := &Keyed[K]{c: c.WithDefaults(), parts: parts}
	k.full = &RejectedError{Name: c.Limiter.Name, Reason: RejectKeys}
	k.clock, k.base = parts.Clock.started()
	return k, nil
}

// For is the Guard of key, for [Do] and its like. It may be kept: it finds the
// key's Limiter whatever became of it meanwhile. While key has one, For takes no
// lock and allocates nothing.
func (k *Keyed[K]) For(key K) Guard {
	if g, ok := k.keys.Load(key); ok {
		return g.(*keyGuard[K])
	}
	if g, err := k.guard(key); err == nil {
		return g
	}
	return &keyGuard[K]{keyed: k, key: key} // asks again at each call
}

// All yields the keys and their Limiters, in no order, to read from: a call
// admitted by one of these Limiters may find that it was evicted.
func (k *Keyed[K]) All() iter.Seq2[K, *Limiter] {
	return func(yield func(K, *Limiter) bool) {
		k.keys.Range(func(key, g any) bool { return yield(key.(K), g.(*keyGuard[K]).lim) })
	}
}

// KeyedStats is what a Keyed did since it was made.
type KeyedStats struct {
	Keys     int    // there are now
	Made     uint64 // Limiters made
	Evicted  uint64 // … and taken away again
	Rejected uint64 // calls rejected because no key could go for theirs
}

// Stats returns the present numbers.
func (k *Keyed[K]) Stats() KeyedStats {
	k.mu.Lock()
	defer k.mu.Unlock()
	return KeyedStats{Keys: k.n, Made: k.made, Evicted: k.evicted, Rejected: k.rejected.Load()}
}

func (k *Keyed[K]) now() Instant {
	if k.clock.Now != nil {
		return k.clock.Now()
	}
	return sinceBase(k.base)
}

// guard finds or makes the guard of key.
func (k *Keyed[K]) guard(key K) (*keyGuard[K], error) {
	if g, ok := k.keys.Load(key); ok {
		return g.(*keyGuard[K]), nil
	}
	now := k.now() // the clock may be the user's
	k.mu.Lock()
	defer k.mu.Unlock()
	if g, ok := k.keys.Load(key); ok {
		return g.(*keyGuard[K]), nil
	}
	if k.n >= k.c.MaxKeys && !k.evict(now) {
		return nil, k.full
	}
	c := k.c.Limiter
	c.Name = fmt.Sprint(key)
	if name := k.c.Limiter.Name; name != "" {
		c.Name = name + "/" + c.Name
	}
	lim, err := NewWith(c, k.parts)
	if err != nil {
		return nil, err
	}
	g := &keyGuard[K]{keyed: k, key: key, lim: lim}
	if k.clock.Now == nil {
		g.born = now
	}
	g.used.Store(int64(now))
	k.keys.Store(key, g)
	k.n++
	k.made++
	return g, nil
}

// evict takes away every key that has been idle for long or, if there is none, the
// one that has been for longest. It reports whether there is room now. mu is held.
func (k *Keyed[K]) evict(now Instant) bool {
	var oldest *keyGuard[K]
	k.keys.Range(func(_, v any) bool {
		g := v.(*keyGuard[K])
		switch used := g.used.Load(); {
		case now.Sub(Instant(used)) >= k.c.Idle && k.remove(g):
		case oldest == nil || used < oldest.used.Load():
			if g.lim.unused() {
				oldest = g
			}
		}
		return true
	})
	return k.n < k.c.MaxKeys || oldest != nil && k.remove(oldest)
}

// remove takes g away unless it is in use.
func (k *Keyed[K]) remove(g *keyGuard[K]) bool {
	if !g.lim.retire() {
		return false
	}
	k.keys.Delete(g.key)
	k.gone.count(g.lim.Stats())
	k.n--
	k.evicted++
	return true
}
