package simulate

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Whatever is planned, and where it is kept, comes out by instant, and at one
// instant in the order in which it was planned.
func TestAgendaKeepsTheOrderOfTimeAndPlanning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := newAgenda()
		var want []event
		now := int64(0)
		slot := map[kind]bool{}
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			switch where := rapid.IntRange(0, 3).Draw(t, "where"); where {
			case 0:
				a.plan(now+rapid.Int64Range(0, 20).Draw(t, "delay"), served, 0, 0)
			case 1:
				a.after(now+7, timedOut, 0, 0)
			case 2:
				a.after(now+3, answered, 0, 0)
			case 3:
				if slot[arrives] {
					want = slices.DeleteFunc(want, func(e event) bool { return e.kind() == arrives })
				}
				slot[arrives] = true
				a.set(now+rapid.Int64Range(0, 20).Draw(t, "delay"), arrives)
			}
			want = append(want, lastPlanned(a))
			if rapid.Bool().Draw(t, "pop") {
				now, want = popEarliest(t, a, want, slot)
			}
		}
		for len(want) > 0 {
			_, want = popEarliest(t, a, want, slot)
		}
		require.Equal(t, int64(never), a.next().at)
	})
}

// lastPlanned finds the event with the highest sequence number.
func lastPlanned(a *agenda) event {
	all := slices.Clone([]event(a.heap))
	for _, h := range a.head {
		if h.at != never {
			all = append(all, h)
		}
	}
	for i := range a.ring {
		r := &a.ring[i]
		for k := range r.n {
			all = append(all, r.buf[(r.from+k)&(len(r.buf)-1)])
		}
	}
	return slices.MaxFunc(all, func(x, y event) int { return int(x.key>>8) - int(y.key>>8) })
}

func popEarliest(t *rapid.T, a *agenda, want []event, slot map[kind]bool) (now int64, left []event) {
	first := slices.MinFunc(want, func(x, y event) int {
		if x.before(y) {
			return -1
		}
		return 1
	})
	got := a.next()
	require.Equal(t, first, got)
	if got.kind() == arrives {
		slot[arrives] = false
	}
	return got.at, slices.DeleteFunc(want, func(e event) bool { return e == first })
}

func TestRingOutlivesManyTurns(t *testing.T) {
	var r ring
	in, out := uint32(0), uint32(0)
	for range 1000 {
		for range 3 {
			r.push(event{ref: in})
			in++
		}
		for range 2 {
			require.Equal(t, out, r.pop().ref)
			out++
		}
	}
	require.Equal(t, 1000, r.n)
}

func TestPlanningAllocatesNothingOnceWarm(t *testing.T) {
	a := newAgenda()
	turn := func() {
		for i := range int64(100) {
			a.plan(i, served, 0, 0)
			a.after(i, timedOut, 0, 0)
		}
		for range 200 {
			a.next()
		}
	}
	turn()
	require.Zero(t, testing.AllocsPerRun(100, turn))
}
