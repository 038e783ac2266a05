package adaptive

import (
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// heard is a Settler that keeps what it was told.
type heard struct {
	ends []End
	then func(End)
}

func (h *heard) Settle(e End) {
	h.ends = append(h.ends, e)
	if h.then != nil {
		h.then(e)
	}
}

func TestI3OnlyTheFirstEndCounts(t *testing.T) {
	l := fixedAt(t, 2, -1)
	h := &heard{}
	p := take(t, l, 1)[0].Via(h)
	same := p
	p.Done(Success)
	same.Done(Failure)
	p.DoneResult(Result{Outcome: Refused})
	p.Done(Success)
	s := l.Stats()
	require.Zero(t, s.InFlight)
	require.Equal(t, [Outcomes]uint64{Success: 1}, s.Ended)
	require.EqualValues(t, 3, s.LateEnds)
	require.Len(t, h.ends, 1)
}

func TestI3CopyOfAnEndedPermitDoesNotEndTheNextCall(t *testing.T) {
	l := fixedAt(t, 1, -1)
	for range 100 { // every slot is used again and again
		old := take(t, l, 1)[0]
		old.Done(Success)
		p := take(t, l, 1)[0]
		old.Done(Success)
		old.Release()
		require.Equal(t, 1, l.Stats().InFlight)
		full(t, l)
		p.Done(Success)
	}
	require.EqualValues(t, 100, l.Stats().LateEnds)
	require.EqualValues(t, 200, l.Stats().Ended[Success])
}

func TestI3CopiesEndOnceWhateverTheGoroutine(t *testing.T) {
	l := fixedAt(t, 3, -1)
	const rounds, copies = 300, 4
	for range rounds {
		p := take(t, l, 1)[0]
		var wg sync.WaitGroup
		for range copies {
			wg.Go(func() { p.Done(Success) })
		}
		wg.Wait()
	}
	s := l.Stats()
	require.Zero(t, s.InFlight)
	require.EqualValues(t, rounds, s.Ended[Success])
	require.EqualValues(t, rounds*(copies-1), s.LateEnds)
}

func TestReleaseIsAbandonedAndNeverLate(t *testing.T) {
	l := fixedAt(t, 1, -1)
	p := take(t, l, 1)[0]
	p.Release()
	p.Release()
	s := l.Stats()
	require.Zero(t, s.InFlight)
	require.Equal(t, [Outcomes]uint64{Abandoned: 1}, s.Ended)
	require.Zero(t, s.LateEnds)

	p = take(t, l, 1)[0]
	p.Done(Success)
	p.Release()
	require.Equal(t, [Outcomes]uint64{Abandoned: 1, Success: 1}, l.Stats().Ended)
	require.Zero(t, l.Stats().LateEnds)

	p = take(t, l, 1)[0]
	p.Release()
	p.Done(Success) // meant, and late
	require.EqualValues(t, 1, l.Stats().LateEnds)
	require.EqualValues(t, 1, l.Stats().Ended[Success])
}

func TestZeroPermitDoesNothing(t *testing.T) {
	h := &heard{}
	var p Permit
	p.Done(Success)
	p.DoneResult(Result{Outcome: Refused})
	p.Release()
	p.Via(h).Done(Success)
	require.Zero(t, p.Start())
	require.Empty(t, h.ends)
}

func TestUnknownOutcomeIsIgnored(t *testing.T) {
	l := fixedAt(t, 1, -1)
	h := &heard{}
	take(t, l, 1)[0].Via(h).Done(Outcome(200))
	require.Equal(t, [Outcomes]uint64{Ignored: 1}, l.Stats().Ended)
	require.Equal(t, Ignored, h.ends[0].Outcome)
}

func TestSettlersHearTheEndLastAddedFirstBeforeThePlaceIsFree(t *testing.T) {
	now := Instant(5)
	l, err := NewWith(Config{Law: "fixed:1", Queue: -1}, Parts{Clock: Clock{Now: func() Instant { return now }}})
	require.NoError(t, err)
	var order []string
	settler := func(name string) Settler {
		return &heard{then: func(e End) {
			order = append(order, name)
			require.Equal(t, End{Result: Result{Outcome: Refused, RetryAfter: 7}, Start: 5, At: 9, Weight: 1}, e)
			require.Equal(t, 1, l.Stats().InFlight)
		}}
	}
	p, ok := l.TryAcquire()
	require.True(t, ok)
	require.Equal(t, Instant(5), p.Start())
	p = p.Via(settler("inner")).Via(settler("middle")).Via(settler("outer"))
	now = 9
	p.DoneResult(Result{Outcome: Refused, RetryAfter: 7})
	require.Equal(t, []string{"outer", "middle", "inner"}, order)
	require.Zero(t, l.Stats().InFlight)
}

func TestI9PanickingSettlerFreesThePlaceAndTellsTheOthers(t *testing.T) {
	l := fixedAt(t, 1, 10)
	first, second := &heard{then: func(End) { panic("settler") }}, &heard{}
	p := take(t, l, 1)[0].Via(second).Via(first)
	var q line
	q.join(l, "a")
	require.PanicsWithValue(t, "settler", func() { p.Done(Success) })
	require.Len(t, second.ends, 1)
	require.Equal(t, []string{"a"}, q.admitted)
	require.EqualValues(t, 1, l.Stats().Ended[Success])
	p.Done(Success)
	require.Len(t, second.ends, 1)
	require.EqualValues(t, 1, l.Stats().LateEnds)
}

func TestSettlerThatExitsItsGoroutineFreesThePlace(t *testing.T) {
	l := fixedAt(t, 1, -1)
	p := take(t, l, 1)[0].Via(&heard{then: func(End) { runtime.Goexit() }})
	var wg sync.WaitGroup
	wg.Go(func() { p.Done(Success) })
	wg.Wait()
	require.Zero(t, l.Stats().InFlight)
}

func TestSettlerMayEndThePermitAgain(t *testing.T) {
	l := fixedAt(t, 1, -1)
	var p Permit
	h := &heard{then: func(End) { p.Done(Failure) }}
	p = take(t, l, 1)[0].Via(h)
	p.Done(Success)
	require.Len(t, h.ends, 1)
	require.Equal(t, [Outcomes]uint64{Success: 1}, l.Stats().Ended)
	require.EqualValues(t, 1, l.Stats().LateEnds)
}

func TestManyPermitsHeldByOneGoroutineHaveSlotsOfTheirOwn(t *testing.T) {
	const n = 1000
	l := fixedAt(t, n, -1)
	for round := range 3 {
		permits := take(t, l, n)
		seen := map[*slot]bool{}
		for _, p := range permits {
			require.False(t, seen[p.slot], "slot given to two permits")
			seen[p.slot] = true
		}
		full(t, l)
		table := len(*l.slots.table.Load())
		require.GreaterOrEqual(t, table, 2*n)
		require.LessOrEqual(t, table, 8*n)
		for i := range permits { // neither in the order of admission nor in reverse
			permits[(i*7+round)%n].Done(Success)
		}
		require.Zero(t, l.Stats().InFlight)
	}
	require.EqualValues(t, 3*n, l.Stats().Ended[Success])
	require.Zero(t, l.Stats().LateEnds)
}
