package adaptive

import (
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/internal/raced"
)

// sampled is a Limiter on a clock that the test moves, that times one call in n.
func sampled(t *testing.T, law Law, n int) *bench {
	return newBench(t, law, Config{Initial: 500, TimeOneIn: n})
}

func TestDrawnCallsAreTheShareTheyShouldBe(t *testing.T) {
	raced.Spare(t)
	for k := uint(1); k <= maxShift; k++ {
		const draws = 1 << 18
		// Whatever is common to calls that follow each other: one slot again and
		// again, all slots in turn, every n-th admission of a slot.
		for name, at := range map[string]func(i uint64) (*slot, uint64){
			"one slot":     func(i uint64) (*slot, uint64) { return &slot{seed: mixed(5)}, i*slotNext + slotHeld },
			"slots":        func(i uint64) (*slot, uint64) { return &slot{seed: mixed(i)}, slotHeld },
			"few slots":    func(i uint64) (*slot, uint64) { return &slot{seed: mixed(i % 16)}, i/16*slotNext + slotHeld },
			"every second": func(i uint64) (*slot, uint64) { return &slot{seed: mixed(5)}, 2*i*slotNext + slotHeld },
			"every 64th":   func(i uint64) (*slot, uint64) { return &slot{seed: mixed(5)}, 64*i*slotNext + slotHeld },
		} {
			n, runs, last := 0, 0, false
			for i := range uint64(draws) {
				s, word := at(i)
				d := s.drawn(word, k)
				if d {
					n++
					if last {
						runs++
					}
				}
				last = d
			}
			p := math.Ldexp(1, -int(k))
			require.InDelta(t, draws*p, n, 5*math.Sqrt(draws*p), "%s, k = %d", name, k)
			require.InDelta(t, draws*p*p, runs, 6*math.Sqrt(draws*p*p)+3, "two in a row: %s, k = %d", name, k)
		}
	}
}

func TestOutcomesAreCountedOfUntimedCallsToo(t *testing.T) {
	s := &script{decisions: []Decision{{Limit: 500, Next: Collect{Within: time.Hour}}}}
	b := sampled(t, s, 16)
	want := [Outcomes]uint64{}
	var inWindow [Outcomes]int
	for i := range 12_000 {
		o := Outcome(i % Outcomes)
		b.call(10*ms, o)
		want[o]++
		inWindow[o]++
	}
	require.Equal(t, want, b.Stats().Ended)
	require.Equal(t, 16, b.Stats().TimedOneIn)
	b.sleep(time.Hour)
	for len(s.windows) == 1 {
		b.call(10*ms, Success) // until a timed one looks
		inWindow[Success]++
	}
	w := s.last()
	require.Equal(t, inWindow, w.Count)
	require.Equal(t, 1, w.PeakInFlight)
	require.Equal(t, 1.0, w.MeanInFlight)
	// Of every 16 successes and of every 16 time-outs one is in the histogram.
	require.InDelta(t, 2000.0/16, float64(w.Censored), 40)
	require.InDelta(t, 4000.0/16, float64(w.Latency.Count()), 60)
	require.InDelta(t, 4000, w.Overload()*float64(w.Samples()), 1e-6)
}

// What the documentation says sampling costs: the spread of a quantile is that of so
// many fewer samples, and its mean stays where it is.
func TestSamplingDoesNotMoveQuantiles(t *testing.T) {
	quantile := func(oneIn int) float64 {
		s := &script{decisions: []Decision{{Limit: 500, Next: Collect{Samples: 2000}}}}
		b := sampled(t, s, oneIn)
		for i := 0; len(s.windows) < 2; i++ {
			// A pattern with a period that divides the draw's.
			b.call(time.Duration(10+i%32)*ms, Success)
		}
		return s.medians[1].Seconds()
	}
	for _, n := range []int{2, 8, 64} {
		require.InEpsilon(t, quantile(1), quantile(n), 0.1, "one in %d", n)
	}
}

func TestWindowClosesByTimedSamplesAndTheRunRepeats(t *testing.T) {
	run := func() (calls []int) {
		s := &script{decisions: []Decision{{Limit: 500, Next: Collect{Samples: 20}}}}
		b := sampled(t, s, 8)
		for i := range 2000 {
			seen := len(s.windows)
			b.call(ms, Success)
			if len(s.windows) > seen {
				require.Equal(t, 20, s.last().Latency.Count())
				calls = append(calls, i)
			}
		}
		return calls
	}
	first := run()
	require.InDelta(t, 2000/160, len(first), 5)
	require.Equal(t, first, run(), "in virtual time every run draws the same")
}

func TestUntimedCallThatTimesOutIsNotTakenForAShortOne(t *testing.T) {
	s := &script{decisions: []Decision{{Limit: 500, Next: Collect{Samples: 20}}}}
	b := sampled(t, s, 64)
	for b.typical() == 0 {
		b.call(100*ms, Success)
	}
	before := b.Stats().Ended
	for range 1000 {
		b.call(300*ms, TimedOut)
	}
	require.EqualValues(t, 1000, b.Stats().Ended[TimedOut]-before[TimedOut])
}

func TestWhoListensIsToldWhenWhateverIsDrawn(t *testing.T) {
	b := sampled(t, Fixed{}, 64)
	for range 300 {
		b.sleep(7 * ms)
		h := &heard{}
		p := b.take().Via(h)
		require.Equal(t, b.now, p.Start())
		start := b.now
		b.sleep(3 * ms)
		p.Done(Success)
		require.Equal(t, End{Result: Result{Outcome: Success}, Start: start, At: b.now, Weight: 1}, h.ends[0])
	}
}

func TestHowManyAreTimedFollowsTheLoad(t *testing.T) {
	for _, c := range []struct {
		calls  uint64
		within time.Duration
		k      uint
	}{
		{0, time.Second, 0}, {1, time.Second, 0}, {16_384, time.Second, 0}, {16_385, time.Second, 1}, {100_000, time.Second, 3},
		{1_000_000, time.Second, 6}, {100_000_000, time.Second, maxShift},
	} {
		require.Equal(t, c.k, shiftFor(c.calls, c.within), "%+v", c)
	}
	synctest.Test(t, func(t *testing.T) {
		l, err := New(Config{Law: "fixed:500"})
		require.NoError(t, err)
		second := func(calls int) {
			for range 100 {
				for range calls / 100 {
					p, _ := l.TryAcquire()
					p.Done(Success)
				}
				time.Sleep(10 * ms)
			}
		}
		second(1000)
		require.Equal(t, 1, l.Stats().TimedOneIn)
		second(500_000)
		require.Equal(t, 32, l.Stats().TimedOneIn)
		second(100_000)
		for range 5 { // one in eight is timed, and the window wants 540
			second(1000)
		}
		require.Equal(t, 1, l.Stats().TimedOneIn)
		for range 20 { // bursts of 600 at one instant
			second(0)
			for range 600 {
				p, _ := l.TryAcquire()
				p.Done(Success)
			}
			require.Equal(t, 1, l.Stats().TimedOneIn)
		}
	})
}

func TestTheRateIsTakenOverAMillisecond(t *testing.T) {
	p := pace{}
	k := p.shift(60, Instant(ms/2), 0) // a burst
	require.EqualValues(t, 0, k)
	k = p.shift(100, Instant(ms), k)
	require.EqualValues(t, 3, k, "100,000 a second")
	k = p.shift(100, Instant(19*ms/10), k)
	require.EqualValues(t, 3, k, "it may be quiet for a moment")
	k = p.shift(100, Instant(2*ms), k)
	require.EqualValues(t, 0, k)
}

func TestTimeOneInOneTimesEveryCall(t *testing.T) {
	l, err := New(Config{Law: "fixed:500", TimeOneIn: 1})
	require.NoError(t, err)
	for range 300_000 {
		p, ok := l.TryAcquire()
		if !ok || p.tag&tagUntimed != 0 {
			t.Fatalf("admitted: %v, tag %x", ok, p.tag)
		}
		p.Done(Success)
	}
	require.Equal(t, 1, l.Stats().TimedOneIn)
}

func TestNoCountIsLostBetweenReadings(t *testing.T) {
	l, err := New(Config{Law: "aimd", Min: 4, Initial: 4})
	require.NoError(t, err)
	const goroutines, calls = 4, 20_000
	var wg, reader sync.WaitGroup
	stop := make(chan struct{})
	reader.Go(func() {
		var last Stats
		for {
			s := l.Stats()
			for o := range s.Ended {
				if o != int(Success) && s.Ended[o] < last.Ended[o] {
					t.Errorf("%v fell from %d to %d", Outcome(o), last.Ended[o], s.Ended[o])
				}
			}
			for r := range s.Rejected {
				if s.Rejected[r] < last.Rejected[r] {
					t.Errorf("%v fell from %d to %d", RejectReason(r), last.Rejected[r], s.Rejected[r])
				}
			}
			last = s
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	for g := range goroutines {
		wg.Go(func() {
			for i := range calls {
				p, ok := l.TryAcquire()
				if !ok {
					t.Error("rejected")
					return
				}
				p.Done(Outcome((g + i) % Outcomes))
			}
		})
	}
	wg.Wait()
	close(stop)
	reader.Wait()
	var n uint64
	for _, e := range l.Stats().Ended {
		n += e
	}
	require.EqualValues(t, goroutines*calls, n)
}

// The gate has room for so many only; while the limit is pinned nobody looks at windows.
func TestUntimedEndsAreCountedWhileNobodyLooks(t *testing.T) {
	const calls = 20_000
	l, err := New(Config{Law: "fixed:4", TimeOneIn: 64})
	require.NoError(t, err)
	require.NoError(t, l.SetLimit(1))
	for range calls {
		take(t, l, 1)[0].Done(Success)
	}
	require.EqualValues(t, calls, l.Stats().Ended[Success])
}
