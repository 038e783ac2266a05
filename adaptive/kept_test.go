package adaptive

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/internal/raced"
)

// keeping is a Limiter in real time, with a place that a call has kept.
func keeping(t testing.TB, limit int) *Limiter {
	t.Helper()
	l, err := New(Config{Law: "fixed", Initial: limit, Queue: 10})
	require.NoError(t, err)
	keepOne(t, l)
	return l
}

func keepOne(t testing.TB, l *Limiter) {
	t.Helper()
	for range 100 { // a window may begin in between
		take(t, l, 1)[0].Done(Success)
		if w := l.gate.load(); w.keeps() && w.inFlight() == 1 {
			return
		}
	}
	t.Fatalf("no place is kept: %b", l.gate.load())
}

func TestAKeptPlaceIsFreeForEverybody(t *testing.T) {
	for name, use := range map[string]func(l *Limiter){
		"TryAcquire": func(l *Limiter) {
			take(t, l, 8)
			full(t, l)
		},
		"a heavy call": func(l *Limiter) {
			p, err := l.With(Call{Weight: 8}).Acquire(context.Background())
			require.NoError(t, err)
			full(t, l)
			p.Done(Success)
		},
		"a queue": func(l *Limiter) {
			g, _, err := l.enqueue(newWaiter(Call{Weight: 8}), 0)
			require.NoError(t, err)
			require.NotZero(t, g, "waits for a place that nobody holds")
		},
		"Full": func(l *Limiter) {
			take(t, l, 7)
			require.False(t, l.Full())
		},
		"SetLimit": func(l *Limiter) {
			require.NoError(t, l.SetLimit(1))
			take(t, l, 1)
			full(t, l)
		},
		"Hold": func(l *Limiter) {
			l.Suspend(nil)
			l.Hold(1)
			take(t, l, 1)
			full(t, l)
		},
	} {
		t.Run(name, func(t *testing.T) { use(keeping(t, 8)) })
	}
}

func TestAKeptPlaceIsNotInFlight(t *testing.T) {
	l := keeping(t, 8)
	require.Zero(t, l.Stats().InFlight)
	require.EqualValues(t, 0, l.admissions()-l.Stats().Ended[Success])
	keepOne(t, loosened(l))
	require.True(t, l.unused())
	keepOne(t, loosened(l))
	require.True(t, l.retire(), "a key that nobody uses")
	full(t, l)
}

func loosened(l *Limiter) *Limiter {
	l.loosen()
	return l
}

func TestNoKeptPlaceLeadsPastABar(t *testing.T) {
	for name, bar := range map[string]func(*Limiter){
		"Suspend": func(l *Limiter) { l.Suspend(errors.New("down")) },
		"Close":   func(l *Limiter) { l.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			l := keeping(t, 8)
			p := take(t, l, 1)[0]
			bar(l)
			require.False(t, l.gate.load().keeps())
			full(t, l)
			p.Done(Success)
			full(t, l)
			l.loosen()
			full(t, l)
			require.Zero(t, l.Stats().InFlight)
		})
	}
}

// Where calls in flight are looked at closely, each is one.
func TestNoPlaceIsKeptInAProbeNorAboveHalfTheLimit(t *testing.T) {
	l := keeping(t, 8)
	l.control.mu.Lock()
	l.control.next = Collect{Cohort: time.Second}
	l.beginWindow(l.Now())
	l.control.mu.Unlock()
	require.Zero(t, l.gate.load()&(flagKeep|flagKept))
	require.Equal(t, 1, atAdmission(take(t, l, 1)[0]))

	l = keeping(t, 8)
	held := take(t, l, 5)
	require.Zero(t, l.gate.load()&(flagKeep|flagKept))
	held[0].Done(Success)
	require.Equal(t, 5, atAdmission(take(t, l, 1)[0]))
}

func TestI3ACopyDoesNotEndTheNextCallAtHome(t *testing.T) {
	l := keeping(t, 8)
	first := take(t, l, 1)[0]
	first.Done(Success)
	next := take(t, l, 1)[0]
	first.Done(Success)
	first.Release()
	require.True(t, next.live())
	s := l.Stats()
	require.EqualValues(t, 1, s.LateEnds)
	require.Equal(t, 1, s.InFlight)
	ended := s.Ended[Success]
	next.Done(Success)
	require.Equal(t, ended+1, l.Stats().Ended[Success])
}

// Two ends that meet both count the call before they know which of them is first.
func TestI3TwoEndsThatMeetAtHomeAreOne(t *testing.T) {
	for _, oneIn := range []int{1, 64} {
		l, err := New(Config{Law: "fixed:8", TimeOneIn: oneIn})
		require.NoError(t, err)
		rounds := meet(t, l, func(int) (a, b func()) {
			l.loosen()
			p, ok := l.TryAcquire()
			if !ok {
				t.Error("a place was lost")
			}
			end := func() { p.Done(Success) }
			return end, end
		})
		s := l.Stats()
		require.EqualValues(t, rounds, s.Ended[Success])
		require.EqualValues(t, rounds, s.LateEnds)
		require.Zero(t, s.InFlight)
	}
}

// An end keeps its place at the very moment at which all are taken away.
func TestAnEndThatMeetsWhoTakesPlacesAwayKeepsNone(t *testing.T) {
	rounds := int64(20_000)
	if raced.On {
		rounds = 2_000
	}
	l, err := New(Config{Law: "fixed:8"})
	require.NoError(t, err)
	tap := l.NewTap(ignore{})
	tap.Spare(never)
	var taken, calls atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() {
		for taken.Load() < rounds {
			p, ok := l.TryAcquire()
			if !ok {
				t.Error("a place was lost")
			}
			if calls.Load()%2 == 0 {
				p = p.Tap(tap)
			}
			p.Done(Success)
			if calls.Add(1)%64 == 0 {
				runtime.Gosched() // there may be one CPU
			}
		}
	})
	wg.Go(func() {
		passed := func(n int64) { // n calls have ended from now on
			n += calls.Load()
			for spins := 1; calls.Load() < n; spins++ {
				if spins%1000 == 0 {
					runtime.Gosched()
				}
			}
		}
		for r := range rounds {
			l.loosen()
			passed(1)
			for range r % 100 {
				calls.Load()
			}
			l.tighten()
			for i := range l.homes {
				h := &l.homes[i]
				if w := h.word.Load(); w&slotState == slotKept && l.gate.load()&flagKept == 0 {
					passed(2) // the end that kept it is over
					if h.word.Load() == w && l.gate.load()&flagKept == 0 {
						t.Error("a place is kept, and nobody knows")
						taken.Store(rounds)
						return
					}
				}
			}
			taken.Add(1)
		}
	})
	wg.Wait()
	require.Zero(t, l.Stats().InFlight)
}

// Two find a kept place in their way. While the second waits to take it away, the first
// has done so, and somebody queues behind an end that saw places kept and does not keep
// its own.
func TestWhoComesLateLeavesAPlaceToTheEndThatKeptIt(t *testing.T) {
	l := keeping(t, 2)
	l.gate.clear(flagKeep | flagKept) // the first is through, and the end comes to its home now
	take(t, l, 1)
	admitted := false
	l.AcquireFunc(func(_ Permit, err error) {
		require.NoError(t, err)
		admitted = true
	})
	require.Equal(t, 1, l.Stats().Waiting)
	l.keptMu.Lock()
	l.emptyHomes()
	l.keptMu.Unlock()
	for i := range l.homes {
		if s := &l.homes[i]; s.word.Load()&slotState == slotKept {
			l.unkeep(s, s.word.Load())
		}
	}
	require.True(t, admitted, "nobody else tells who waits")
}

// Calls of every kind come and go at home while places are taken away: none is lost,
// and none is counted that was not.
func TestI1KeptPlacesAreNeitherLostNorMade(t *testing.T) {
	const goroutines, limit = 8, 32
	calls := 20_000
	if raced.On {
		calls = 2_000
	}
	l, err := New(Config{Law: "fixed", Initial: limit})
	require.NoError(t, err)
	tap := l.NewTap(ignore{})
	tap.Spare(never)
	var wg sync.WaitGroup
	var inFlight, admitted atomic.Int64
	for i := range goroutines {
		wg.Go(func() {
			for j := range calls {
				p, ok := l.TryAcquire()
				if !ok {
					t.Error("turned away far below the limit")
					return
				}
				admitted.Add(1)
				if n := inFlight.Add(1); n > limit {
					t.Errorf("%d at once", n)
				}
				if (i+j)%64 == 0 {
					runtime.Gosched()
				}
				inFlight.Add(-1)
				switch (i + j) % 8 {
				case 0:
					p.Done(Failure)
				case 1:
					p.Release()
				case 2:
					p.unsent()
					admitted.Add(-1)
				case 3:
					p.Tap(tap).Done(Success)
				case 4:
					p.Via(ignore{}).Done(Success)
				case 5:
					if j%16 == 5 {
						l.tighten()
					}
					p.Done(Success)
				default:
					if j%4 == 0 {
						l.loosen()
					}
					p.Done(Success)
				}
			}
		})
	}
	wg.Wait()
	s := l.Stats()
	require.Zero(t, s.InFlight)
	ended := int64(0)
	for _, n := range s.Ended {
		ended += int64(n)
	}
	require.Equal(t, admitted.Load(), ended)
	take(t, l, limit)
	full(t, l)
}

func TestStatsLetPlacesBeKept(t *testing.T) {
	l, err := New(Config{Min: 1000, Initial: 1000})
	require.NoError(t, err)
	for range 3 {
		take(t, l, 1)[0].Done(Success)
		require.Zero(t, l.Stats().InFlight)
		require.True(t, l.gate.load().keeps())
	}
	l.control.next.Cohort = time.Second // a probe is under way, and has no places kept
	l.tighten()
	l.Stats()
	require.False(t, l.gate.load().keeps())
}

type ignore struct{}

func (ignore) Settle(End) {}
