package breaker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/flyball-go/flyball/adaptive"
)

// TestI15WhateverHappenedAHealthyDownstreamClosesIt takes a breaker through random
// calls, outcomes, pauses, hangs and hands of operators, and then lets a call through
// every gap that takes rtt and succeeds. It must be closed within the bound that
// docs/breaker.md gives, and stay so:
//
// More cases than rapid's hundred: -rapid.checks=100000.
//
//	max(Open.Max, asked) × (1 + Jitter) + 2 × (ProbeWithin + gap) + rtt
//
// asked is the Retry-After in force. A second phase of probes is in it because the
// first may be spoiled by a call from before.
func TestI15WhateverHappenedAHealthyDownstreamClosesIt(t *testing.T) {
	reached := map[State]int{}
	rapid.Check(t, func(rt *rapid.T) {
		c := Config{
			Silence:     rapid.SampledFrom([]time.Duration{never, 100 * time.Millisecond, time.Second}).Draw(rt, "silence"),
			Consecutive: rapid.SampledFrom([]int{never, 1, 5}).Draw(rt, "consecutive"),
			SlowRate:    rapid.SampledFrom([]float64{never, 0.5}).Draw(rt, "slow"),
			MinVolume:   rapid.IntRange(1, 20).Draw(rt, "volume"),
			ProbeShare:  rapid.SampledFrom([]float64{0.1, 0.5, 1}).Draw(rt, "share"),
			ProbeWithin: 3 * time.Second,
			Open:        Backoff{Base: time.Second, Factor: 3, Max: 20 * time.Second, Jitter: 0.5},
		}
		if c.SlowRate > 0 {
			c.SlowAfter = time.Second
		}
		limit := rapid.SampledFrom([]int{1, 2, 10, 100}).Draw(rt, "limit")
		r := newRig(t, adaptive.Config{Law: "aimd", Initial: limit, Max: 100, MaxRetryAfter: 30 * time.Second}, c)
		outcomes := []adaptive.Outcome{adaptive.Ignored, adaptive.Success, adaptive.Failure, adaptive.Refused, adaptive.TimedOut, adaptive.Abandoned}
		if rapid.Bool().Draw(rt, "sick") {
			outcomes = outcomes[2:]
		}
		var out []adaptive.Permit
		for range rapid.IntRange(0, 300).Draw(rt, "steps") {
			switch rapid.IntRange(0, 40).Draw(rt, "op") {
			case 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14:
				if p, ok := r.try(); ok {
					out = append(out, p)
				}
			case 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29:
				if len(out) > 0 {
					i := rapid.IntRange(0, len(out)-1).Draw(rt, "which")
					out[i].DoneResult(adaptive.Result{
						Outcome:    rapid.SampledFrom(outcomes).Draw(rt, "outcome"),
						RetryAfter: rapid.SampledFrom([]time.Duration{0, 0, 0, time.Second, time.Hour}).Draw(rt, "after"),
					})
					out = append(out[:i], out[i+1:]...)
				}
			case 30, 31, 32, 33, 34, 35:
				r.pass(rapid.SampledFrom([]time.Duration{1, time.Millisecond, 100 * time.Millisecond, 2 * time.Second, time.Minute}).Draw(rt, "pause"))
			case 36, 37, 38, 39:
				r.State()
			case 40:
				rapid.SampledFrom([]func(){r.ForceOpen, r.ForceClosed, r.Disable, r.Reset}).Draw(rt, "hand")()
			}
		}
		if s := r.State(); s == ForcedOpen || s == ForcedClosed || s == Disabled {
			r.Reset() // an operator's state is an operator's to end
		}
		reached[r.State()]++
		for _, p := range out { // the downstream is healthy: what was in flight comes back
			p.Done(adaptive.Ignored)
		}
		const gap, rtt = 50 * time.Millisecond, 10 * time.Millisecond
		bound := time.Duration(1.5*float64(30*time.Second)) + 2*(3*time.Second+gap) + rtt
		healed := r.now
		closed := func() bool {
			p, ok := r.try()
			r.pass(rtt)
			p.Done(adaptive.Success)
			r.pass(gap - rtt)
			return ok && r.State() == Closed
		}
		for !closed() {
			if r.now.Sub(healed) > bound {
				rt.Fatalf("%v after %v: %s", r.State(), bound, r.Explain())
			}
		}
		trips := r.Stats().Opened
		for range 1000 {
			closed()
		}
		if n := r.Stats().Opened; n != trips {
			rt.Fatalf("tripped again on a healthy downstream: %+v", r.last[max(0, len(r.last)-4):])
		}
	})
	t.Logf("healed from %v", reached)
	require.Positive(t, reached[Open]+reached[HalfOpen])
}
