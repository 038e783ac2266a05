package peers

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/simulate"
)

const (
	lowest  = 1
	highest = 100_000
)

// A limiter is somebody else's, for one client.
type limiter interface {
	// admit is asked when a call is about to be sent, with the calls in flight, that
	// one included. It returns what is to hear of its end, or nil if it may not be sent.
	admit(now adaptive.Instant, inFlight int) func(adaptive.End)

	// limit is how many calls may be in flight; highest if it has no such number.
	limit(now adaptive.Instant) int
}

// A Peer is a limiter by name.
type Peer struct {
	Name   string
	Origin string // what it is, and from where
	Bubble bool   // reads the wall clock: to be played in a bubble of testing/synctest

	make func(*rand.Rand) limiter
}

var all = []Peer{
	{"failsafe", "the adaptivelimiter of failsafe-go v0.9.8 itself, in virtual time", true, newFailsafe},
	{"aegis/bbr", "re-expressed from go-kratos/aegis, ratelimit/bbr, as if its CPUs were always busy", false, newBBR},
	{"envoy", "re-expressed from Envoy's adaptive concurrency filter, gradient controller", false, newEnvoy},
	{"vector", "re-expressed from Vector's adaptive request concurrency", false, newVector},
	{"netflix/vegas", "re-expressed from Netflix/concurrency-limits, VegasLimit, told of each call", false, newVegas},
	{"netflix/gradient2", "re-expressed from Netflix/concurrency-limits, Gradient2Limit, told of each call", false, newGradient2},
	{"netflix/gradient2-win", "the same behind its WindowedLimit", false, newGradient2Windowed},
}

// All returns every peer.
func All() []Peer { return slices.Clone(all) }

// Find returns a peer by name.
func Find(name string) (Peer, error) {
	var names []string
	for _, p := range all {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Peer{}, fmt.Errorf("peer %q is not known; a peer is %s", name, strings.Join(names, ", "))
}

// Candidate is p as a simulation plays it.
func (p Peer) Candidate() simulate.Candidate {
	return simulate.Candidate{Name: p.Name, Guard: func(s simulate.Setting) (adaptive.Guard, error) {
		clock := s.Clock
		if p.Bubble {
			clock = inBubble(clock)
		}
		return newGate(p.make(s.Rand), clock, s.Queue)
	}}
}

// inBubble is a clock that moves the bubble's to the instant that it tells. A bubble
// begins where every bubble does, and plays one run.
func inBubble(c adaptive.Clock) adaptive.Clock {
	begun, now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), c.Now
	c.Now = func() adaptive.Instant {
		at := now()
		time.Sleep(time.Duration(at) - time.Since(begun))
		return at
	}
	return c
}
