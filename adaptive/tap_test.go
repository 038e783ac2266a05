package adaptive

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// tapped is a limiter on a clock that the test moves, with a Tap.
type tapped struct {
	*Limiter
	tap  *Tap
	hear *heard
	now  Instant
}

func newTapped(t *testing.T, limit int) *tapped {
	t.Helper()
	b := &tapped{hear: &heard{}, now: 1}
	var err error
	b.Limiter, err = NewWith(Config{Law: Fixed{Limit: limit}.String(), Queue: 10}, Parts{Clock: Clock{Now: func() Instant { return b.now }}})
	require.NoError(t, err)
	b.tap = b.NewTap(b.hear)
	return b
}

// call makes a call from one instant to another.
func (b *tapped) call(t *testing.T, from, to Instant, r Result) {
	t.Helper()
	b.now = from
	p := take(t, b.Limiter, 1)[0].Tap(b.tap)
	b.now = to
	p.DoneResult(r)
}

func TestATapCountsWhatItsGuardNeedNotHear(t *testing.T) {
	b := newTapped(t, 2)
	b.call(t, 1, 2, Result{Outcome: Success})
	require.Len(t, b.hear.ends, 1, "a new one tells all")
	b.tap.Spare(20)
	for _, c := range []struct {
		from, to Instant
		o        Outcome
		counted  bool
	}{
		{11, 12, Success, true},
		{11, 19, Success, true},
		{11, 20, Success, false}, // ended too late
		{11, 12, Failure, false}, {11, 12, Ignored, false}, {11, 12, Abandoned, false}, {11, 12, Outcome(99), false},
	} {
		b.hear.ends = nil
		before := b.tap.Counted()
		b.call(t, c.from, c.to, Result{Outcome: c.o})
		if c.counted {
			require.Empty(t, b.hear.ends, c)
			require.Equal(t, before+1, b.tap.Counted(), c)
			continue
		}
		require.Equal(t, before, b.tap.Counted(), c)
		o := c.o
		if int(o) >= Outcomes {
			o = Ignored
		}
		require.Equal(t, []End{{Result: Result{Outcome: o}, Start: c.from, At: c.to, Weight: 1}}, b.hear.ends)
	}
	b.tap.Tell()
	b.call(t, 11, 12, Result{Outcome: Success})
	require.Len(t, b.hear.ends, 2)
	require.Zero(t, b.Stats().InFlight)
	require.EqualValues(t, 5, b.Stats().Ended[Success])
}

func TestATapIsToldOfAnEndOnce(t *testing.T) {
	b := newTapped(t, 1)
	p := take(t, b.Limiter, 1)[0].Tap(b.tap)
	same := p
	p.Done(Failure)
	same.Done(Failure)
	same.Release()
	other := &heard{}
	take(t, b.Limiter, 1)[0].Tap(b.NewTap(other)) // in the same slot
	same.Done(Failure)
	require.Len(t, b.hear.ends, 1)
	require.Empty(t, other.ends)
	require.EqualValues(t, 2, b.Stats().LateEnds)
	require.Equal(t, 1, b.Stats().InFlight)

	var none Permit
	none.Tap(b.tap).Done(Success)
	require.Equal(t, p, p.Tap(b.tap), "a permit that has ended stays as it is")
}

func TestATapStacksWithSettlers(t *testing.T) {
	b := newTapped(t, 8)
	b.tap.Spare(math.MaxInt64)
	take(t, b.Limiter, 1)[0].Done(Success) // leaves nothing in its slot
	for name, via := range map[string]func(Permit, Settler) Permit{
		"before": func(p Permit, s Settler) Permit { return p.Via(s).Tap(b.tap) },
		"after":  func(p Permit, s Settler) Permit { return p.Tap(b.tap).Via(s) },
		"twice":  func(p Permit, s Settler) Permit { return p.Tap(b.NewTap(s)).Tap(b.tap) },
	} {
		h, counted := &heard{}, b.tap.Counted()
		via(take(t, b.Limiter, 1)[0], h).Done(Success)
		require.Len(t, h.ends, 1, name)
		require.Equal(t, counted+1, b.tap.Counted(), name)
		b.hear.ends = nil
		via(take(t, b.Limiter, 1)[0], h).Done(Refused)
		require.Len(t, h.ends, 2, name)
		require.Len(t, b.hear.ends, 1, name)
		require.Equal(t, 1, h.ends[1].Weight, name)
	}
	counted := b.tap.Counted()
	p, err := b.With(Call{Weight: 3}).Acquire(t.Context())
	require.NoError(t, err)
	p = p.Tap(b.tap)
	require.Equal(t, 3, b.Stats().InFlight)
	p.Done(Success)
	require.Equal(t, counted+1, b.tap.Counted(), "a call of weight 3 is one")
	require.Zero(t, b.Stats().InFlight)
}

func TestI9ATapWhoseGuardPanicsFreesThePlace(t *testing.T) {
	b := newTapped(t, 1)
	p := take(t, b.Limiter, 1)[0].Tap(b.tap)
	var q line
	q.join(b.Limiter, "a")
	b.hear.then = func(End) {
		require.Equal(t, 1, b.Stats().InFlight, "told before the place is free")
		panic("guard")
	}
	require.PanicsWithValue(t, "guard", func() { p.Done(Success) })
	require.Equal(t, []string{"a"}, q.admitted)
}

func TestATapHandsItsPlaceOn(t *testing.T) {
	b := newTapped(t, 1)
	b.tap.Spare(math.MaxInt64)
	p := take(t, b.Limiter, 1)[0].Tap(b.tap)
	var q line
	q.join(b.Limiter, "a")
	p.Done(Success)
	require.Equal(t, []string{"a"}, q.admitted)
}

// TestATapLosesNothing has some successes counted and some told, while what is
// to be told changes.
func TestATapLosesNothing(t *testing.T) {
	l := fixedAt(t, 64, -1)
	told := &toldCounter{}
	tap := l.NewTap(told)
	const workers, calls = 8, 2000
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range calls {
				p, ok := l.TryAcquire()
				if !ok {
					panic("no room")
				}
				p = p.Tap(tap)
				if i%64 == 0 {
					tap.Spare(math.MaxInt64)
				} else if i%64 == 32 {
					tap.Tell()
				}
				p.Done(Success)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, workers*calls, tap.Counted()+told.n.Load())
	require.NotZero(t, tap.Counted())
	require.EqualValues(t, workers*calls, l.Stats().Ended[Success])
	require.Zero(t, l.Stats().InFlight)
}

type toldCounter struct{ n atomic.Uint64 }

func (c *toldCounter) Settle(End) { c.n.Add(1) }
