package adaptive

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/internal/raced"
)

// Real goroutines on real processors, for what virtual time and one goroutine
// cannot show. They have no time-out of their own, which a program that stood still
// or got no processor would miss: if somebody waits for ever, the test ends with
// -timeout, which prints who.

// atAdmission is how many calls were in flight when p was admitted, p included.
func atAdmission(p Permit) int { return int(p.tag.inFlight()) }

func TestI1AdmissionIsStrictWhileTheLimitMoves(t *testing.T) {
	const highest, moves = 9, 300
	l, err := New(Config{Law: "fixed:4", Queue: 16})
	require.NoError(t, err)
	limits := [moves + 1]int{4}
	var version atomic.Uint64 // of the limit in force while even, odd while it moves
	var checked atomic.Int64
	check := func(p Permit, before uint64) {
		n := atAdmission(p)
		if before%2 == 0 && version.Load() == before {
			checked.Add(1)
			if limit := limits[before/2]; n > limit {
				t.Errorf("admission %d under a limit of %d", n, limit)
			}
		}
		if n > highest {
			t.Errorf("admission %d, and no limit was above %d", n, highest)
		}
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(i)))
			var held []Permit
			for version.Load() < 2*moves {
				before := version.Load()
				if p, ok := l.TryAcquire(); ok {
					check(p, before)
					held = append(held, p)
				} else if len(held) == 0 { // so there is somebody who will end a call
					p, err := l.Acquire(context.Background())
					if err == nil {
						check(p, version.Load()|1)
						held = append(held, p)
					}
				}
				for len(held) > 0 && r.IntN(2) == 0 {
					held[0].Done(Success)
					held = held[1:]
				}
				if r.IntN(8) == 0 {
					runtime.Gosched() // or the one who moves the limit waits a time slice for each move
				}
			}
			for _, p := range held {
				p.Done(Success)
			}
		})
	}
	r := rand.New(rand.NewPCG(1, 99))
	for v := 1; v <= moves; v++ {
		for seen := checked.Load(); checked.Load() < seen+3; {
			runtime.Gosched()
		}
		limits[v] = 1 + r.IntN(highest)
		version.Add(1)
		require.NoError(t, l.SetLimit(limits[v]))
		version.Add(1)
	}
	wg.Wait()
	s := l.Stats()
	require.Zero(t, s.InFlight)
	require.Zero(t, s.Waiting)
	require.Zero(t, s.LateEnds)
}

func TestI4NoWakeUpIsLostBetweenCancelsAndGrants(t *testing.T) {
	for _, limit := range []int{1, 2, 8} {
		t.Run(fmt.Sprint("limit ", limit), func(t *testing.T) {
			l, err := New(Config{Law: "fixed", Initial: limit})
			require.NoError(t, err)
			const goroutines, calls = 16, 800
			var admitted, inFlight atomic.Int64
			var wg sync.WaitGroup
			for i := range goroutines {
				wg.Go(func() {
					r := rand.New(rand.NewPCG(2, uint64(i)))
					for range calls {
						ctx, cancel := context.Background(), context.CancelFunc(func() {})
						if i%4 != 0 { // no deadline, which would be looked at before the wait
							ctx, cancel = context.WithCancel(ctx)
							time.AfterFunc(time.Duration(r.IntN(20_000)), cancel)
						}
						p, err := l.Acquire(ctx)
						if err == nil {
							admitted.Add(1)
							if n := inFlight.Add(1); n > int64(limit) {
								t.Errorf("%d at once under a limit of %d", n, limit)
							}
							if r.IntN(4) == 0 {
								runtime.Gosched()
							}
							inFlight.Add(-1)
							p.Done(Success)
						} else if !errors.Is(err, context.Canceled) {
							t.Errorf("Acquire: %v", err)
						}
						cancel()
					}
				})
			}
			wg.Wait()
			s := l.Stats()
			require.Zero(t, s.InFlight)
			require.Zero(t, s.Waiting)
			require.EqualValues(t, admitted.Load(), s.Ended[Success])
			require.GreaterOrEqual(t, admitted.Load(), int64(goroutines/4*calls))
			take(t, l, limit)
			full(t, l)
		})
	}
}

// meet runs a and b of each round at the same moment, as near as two goroutines
// can: a comes later by another few nanoseconds each time.
func meet(t *testing.T, l *Limiter, round func(r int) (a, b func())) (rounds int) {
	t.Helper()
	rounds = 40_000
	if raced.On {
		rounds = 3_000
	}
	var a, b func()
	var begun, done atomic.Int64 // rounds
	wait := func(n *atomic.Int64, r int) {
		for n.Load() <= int64(r) {
			runtime.Gosched()
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for r := range rounds {
			wait(&begun, r)
			b()
			done.Add(1)
		}
	})
	wg.Go(func() {
		for r := range rounds {
			a, b = round(r)
			begun.Add(1)
			for range r % 1500 {
				done.Load()
			}
			a()
			wait(&done, r)
		}
	})
	wg.Wait()
	return rounds
}

func TestI4ReleaseThatMeetsAnArrivalWakesIt(t *testing.T) {
	l := fixedAt(t, 1, 10)
	meet(t, l, func(int) (a, b func()) {
		p, ok := l.TryAcquire()
		if !ok {
			t.Error("a place was lost")
		}
		return func() { p.Done(Success) }, func() {
			// Nobody else will end a call and so make up for a lost wake-up.
			if p, err := l.Acquire(context.Background()); err == nil {
				p.Done(Success)
			}
		}
	})
	require.Zero(t, l.Stats().InFlight)
}

func TestI3NoSlotIsClaimedTwice(t *testing.T) {
	l := fixedAt(t, 8, -1)
	table := l.slots.grown(l, 2)
	owners := map[*slot]*atomic.Int32{}
	for i := range *table {
		owners[&(*table)[i]] = &atomic.Int32{}
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range 200_000 {
				s, w := l.slots.search(*table, 0) // both want the same slot first
				if owners[s].Add(1) > 1 {
					t.Error("two permits hold one slot")
					return
				}
				owners[s].Add(-1)
				s.word.Store(w + slotNext - slotHeld)
			}
		})
	}
	wg.Wait()
}

func TestReleaseThatMeetsAnEndIsNotLate(t *testing.T) {
	l := fixedAt(t, 1, -1)
	rounds := meet(t, l, func(int) (a, b func()) {
		p, ok := l.TryAcquire()
		if !ok {
			t.Error("a place was lost")
		}
		return p.Release, p.Release
	})
	require.Zero(t, l.Stats().LateEnds)
	require.EqualValues(t, rounds, l.Stats().Ended[Abandoned])
}

func TestI7FunctionIsCalledOnceUnlessStopped(t *testing.T) {
	l, err := New(Config{Law: "fixed:2"})
	require.NoError(t, err)
	const goroutines, calls = 8, 1500
	var called, stopped atomic.Int64
	var wg sync.WaitGroup
	for i := range goroutines {
		wg.Go(func() {
			for j := range calls {
				var n atomic.Int32
				stop := l.AcquireFunc(func(p Permit, err error) {
					n.Add(1)
					called.Add(1)
					if err == nil {
						p.Done(Success)
					}
				})
				if (i+j)%3 == 0 {
					runtime.Gosched()
				}
				if stop() {
					stopped.Add(1)
					if n.Load() != 0 {
						t.Error("called and stopped")
					}
				}
				if n.Load() > 1 {
					t.Error("called twice")
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, goroutines*calls, called.Load()+stopped.Load())
	require.Zero(t, l.Stats().InFlight)
	require.Zero(t, l.Stats().Waiting)
}

// A crowd held back by Suspend must not slip in between its end and the limit
// that Hold sets.
func TestHoldNeverAdmitsMoreThanItsProbes(t *testing.T) {
	const probes, rounds = 2, 200
	l, err := New(Config{Law: "fixed:64"})
	require.NoError(t, err)
	var epoch atomic.Uint64 // odd from the end of Suspend to the start of Recover
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var held []Permit
			for epoch.Load() < 2*rounds {
				before := epoch.Load()
				p, ok := l.TryAcquire()
				if ok {
					held = append(held, p)
					if n := atAdmission(p); before%2 == 1 && epoch.Load() == before && n > probes {
						t.Errorf("admission %d while held at %d", n, probes)
					}
				}
				if !ok || len(held) > 4 {
					for _, p := range held {
						p.Done(Success)
					}
					held = held[:0]
					runtime.Gosched() // or the one who holds and recovers waits a time slice for each step
				}
			}
			for _, p := range held {
				p.Done(Success)
			}
		})
	}
	down := errors.New("down")
	for range rounds {
		l.Suspend(down)
		for l.Stats().InFlight > 0 {
			runtime.Gosched()
		}
		epoch.Add(1)
		l.Hold(probes)
		for range 20 {
			runtime.Gosched()
		}
		epoch.Add(1)
		l.Recover(256)
	}
	wg.Wait()
	require.Zero(t, l.Stats().InFlight)
}

// Close, whatever guards in front do at the same time, is for good, and its own
// reason is what callers see.
func TestI8CloseWinsAgainstSuspendAndRecover(t *testing.T) {
	for range 300 {
		l := fixedAt(t, 1, 10)
		var wg sync.WaitGroup
		wg.Go(l.Close)
		wg.Go(func() { l.Suspend(errors.New("down")) })
		wg.Go(func() { l.Recover(3) })
		wg.Go(func() {
			if p, err := l.Acquire(context.Background()); err == nil {
				p.Done(Success)
			}
		})
		wg.Wait()
		_, err := l.Acquire(context.Background())
		require.Same(t, l.Rejection(RejectClosed), err)
	}
}

// op is what a goroutine asked of the Limiter, and ended is its answer.
type op struct {
	kind   string
	limit  int
	weight int
	id     int // of the permit to be ended
}

type ended struct {
	ok              bool
	id              int
	inFlight, limit int
}

// seats is the state: what each live permit weighs, and the limit.
type seats struct {
	live  [64]uint8
	limit int
}

func (s seats) taken() (n int) {
	for _, w := range s.live {
		n += int(w)
	}
	return n
}

func (s seats) with(id, weight int) seats {
	s.live[id] = uint8(weight)
	return s
}

var sequential = porcupine.Model{
	Init: func() any { return seats{limit: 2} },
	Step: func(state, input, output any) (bool, any) {
		s, in, out := state.(seats), input.(op), output.(ended)
		n := s.taken()
		switch in.kind {
		case "try":
			if out.ok {
				return n+in.weight <= s.limit, s.with(out.id, in.weight)
			}
			return n+in.weight > s.limit, s
		case "done": // of one that ended already, too
			return true, s.with(in.id, 0)
		case "set":
			s.limit = in.limit
			return true, s
		default:
			return out.inFlight == n && out.limit == s.limit, s
		}
	},
}

func TestHistoriesAreLinearizable(t *testing.T) {
	const goroutines, ops = 4, 14 // and so at most 56 permits, numbered from 1
	histories := 600
	if long() {
		histories = 10_000
	}
	for h := range histories {
		l, err := New(Config{Law: "fixed:2", Queue: -1})
		require.NoError(t, err)
		tap := l.NewTap(ignore{})
		tap.Spare(never)
		var clock atomic.Int64
		var ids atomic.Int32
		history := make([][]porcupine.Operation, goroutines)
		var wg sync.WaitGroup
		for g := range goroutines {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(h), uint64(g)))
				type held struct {
					p  Permit
					id int
				}
				var permits []held
				do := func(in op, call func() ended) {
					o := porcupine.Operation{ClientId: g, Input: in, Call: clock.Add(1)}
					o.Output = call()
					o.Return = clock.Add(1)
					history[g] = append(history[g], o)
				}
				for range ops {
					if r.IntN(4) == 0 {
						l.loosen() // as a window that begins does
					}
					switch k := r.IntN(10); {
					case k < 4:
						weight := 1 + r.IntN(3)/2
						do(op{kind: "try", weight: weight}, func() ended {
							p, ok := l.With(Call{Weight: weight}).(*view).TryAcquire()
							if !ok {
								return ended{}
							}
							if r.IntN(2) == 0 {
								p = p.Tap(tap)
							}
							id := int(ids.Add(1))
							permits = append(permits, held{p, id})
							return ended{ok: true, id: id}
						})
					case k < 8 && len(permits) > 0:
						i := r.IntN(len(permits)) // again, perhaps
						do(op{kind: "done", id: permits[i].id}, func() ended { permits[i].p.Done(Success); return ended{} })
					case k == 8:
						n := 1 + r.IntN(4)
						do(op{kind: "set", limit: n}, func() ended { _ = l.SetLimit(n); return ended{} })
					default:
						do(op{kind: "read"}, func() ended {
							s := l.Stats()
							return ended{inFlight: s.InFlight, limit: s.Limit}
						})
					}
				}
			})
		}
		wg.Wait()
		var all []porcupine.Operation
		for _, part := range history {
			all = append(all, part...)
		}
		require.True(t, porcupine.CheckOperations(sequential, all), "history %d: %v", h, all)
	}
	t.Logf("%d histories", histories)
}
