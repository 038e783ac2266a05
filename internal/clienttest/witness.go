package clienttest

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
)

// Patience bounds waiting for something that must happen.
const Patience = 10 * time.Second

// A Witness is a guard that tells how each of its calls ended.
type Witness struct {
	*adaptive.Limiter
	ends chan adaptive.Result
}

// NewWitness returns a Witness with the limit of c; of 1 if c names no law.
func NewWitness(t testing.TB, c adaptive.Config) Witness {
	t.Helper()
	if c.Law == "" {
		c.Law = "fixed:1"
	}
	lim, err := adaptive.New(c)
	require.NoError(t, err)
	return Witness{lim, make(chan adaptive.Result, 4096)}
}

// Acquire is the Limiter's, with the Witness on the permit.
func (w Witness) Acquire(ctx context.Context) (adaptive.Permit, error) {
	p, err := w.Limiter.Acquire(ctx)
	if err != nil {
		return p, err
	}
	return p.Via(w), nil
}

// Settle implements [adaptive.Settler].
func (w Witness) Settle(e adaptive.End) { w.ends <- e.Result }

// Held asserts that one call is in flight and that none has ended unseen.
func (w Witness) Held(t testing.TB) {
	t.Helper()
	require.Equal(t, 1, w.Stats().InFlight, "the permit is held")
	require.Empty(t, w.ends)
}

// End is the result of a call that ends soon.
func (w Witness) End(t testing.TB) adaptive.Result {
	t.Helper()
	select {
	case r := <-w.ends:
		return r
	case <-time.After(Patience):
		require.FailNow(t, "the call never ended")
		return adaptive.Result{}
	}
}

// Ended asserts that a call ends with the outcome o, soon.
func (w Witness) Ended(t testing.TB, o adaptive.Outcome) {
	t.Helper()
	require.Equal(t, o.String(), w.End(t).Outcome.String())
}

// Now asserts that one call has ended already, once, with the outcome o.
func (w Witness) Now(t testing.TB, o adaptive.Outcome) {
	t.Helper()
	require.NotEmpty(t, w.ends, "the call has ended")
	require.Equal(t, o.String(), (<-w.ends).Outcome.String())
	w.Idle(t)
}

// Idle asserts that no call is in flight or waits, and that each ended once. How a call
// ended is heard just before its place is free, perhaps on another goroutine.
func (w Witness) Idle(t testing.TB) {
	t.Helper()
	s := w.Stats()
	for begun := time.Now(); s.InFlight > 0 && time.Since(begun) < Patience; s = w.Stats() {
		runtime.Gosched()
	}
	require.Empty(t, w.ends, "no call ended unseen")
	require.Zero(t, s.InFlight, "every permit is back")
	require.Zero(t, s.Waiting, "nobody waits")
	require.Zero(t, s.LateEnds, "each call ends once")
}
