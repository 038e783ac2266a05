package adaptive

import (
	"container/heap"
	"context"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/internal/raced"
)

// What was measured of other limiters, played to ours: each test is named after
// what went wrong there (F failsafe-go 0.9.8, P go-concurrency-limits), with the same
// stimulus and the right result.

// loop is callers that always want another call, in front of a downstream whose
// round trip is base up to knee in flight and grows in proportion beyond.
type loop struct {
	*bench
	callers int
	knee    float64
	base    time.Duration
	ends    func(load int) (time.Duration, Outcome) // nil for the above, as Success
	due     ending
	ended   int
	high    []int // limit at each end
	probed  int   // one call in so many is of a probe, at most
}

type ending []struct {
	at Instant
	p  Permit
	o  Outcome
}

func (e ending) Len() int           { return len(e) }
func (e ending) Less(i, j int) bool { return e[i].at < e[j].at }
func (e ending) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *ending) Push(x any)        { *e = append(*e, x.(ending)[0]) }
func (e *ending) Pop() any {
	last := (*e)[len(*e)-1:]
	*e = (*e)[:len(*e)-1]
	return last
}

func newLoop(t *testing.T, law string, c Config) *loop {
	c.Law, c.Queue = law, -1
	l := &loop{bench: newBench(t, nil, c), callers: 400, knee: 50, base: 100 * ms, probed: 10}
	if law == "fair" {
		l.probed = 4 // its probes are four times as long, and twice as many
	}
	return l
}

func (l *loop) until(done func() bool) {
	for !done() {
		for len(l.due) < l.callers {
			p, ok := l.TryAcquire()
			if !ok {
				break
			}
			load := len(l.due) + 1
			rtt, o := time.Duration(float64(l.base)*math.Max(1, float64(load)/l.knee)), Success
			if l.ends != nil {
				rtt, o = l.ends(load)
			}
			heap.Push(&l.due, ending{{l.now.Add(rtt), p, o}})
		}
		e := heap.Pop(&l.due).(ending)[0]
		l.now = max(l.now, e.at)
		e.p.Done(e.o)
		l.ended++
		l.high = append(l.high, l.Limit())
	}
}

func (l *loop) calls(n int) {
	to := l.ended + n
	l.until(func() bool { return l.ended >= to })
}

func (l *loop) lasts(d time.Duration) {
	to := l.now.Add(d)
	l.until(func() bool { return l.now >= to })
}

// steady is the limit over the last n calls outside probes, which lower it for a
// moment: without as much at both ends.
func (l *loop) steady(n int) (low, high int) {
	late := slices.Clone(l.high[len(l.high)-n:])
	slices.Sort(late)
	return late[n/l.probed], late[n-n/l.probed]
}

func TestF1PanicLeaksNoPermit(t *testing.T) {
	l := fixedAt(t, 1, -1)
	require.Panics(t, func() {
		_ = Do(context.Background(), l, func(context.Context) error { panic("in the call") })
	})
	require.NoError(t, Do(context.Background(), l, func(context.Context) error { return nil }))
	require.Zero(t, l.Stats().InFlight)
}

func TestF2FastErrorsDoNotRaiseTheLimit(t *testing.T) {
	raced.Spare(t)
	for _, law := range laws {
		l := newLoop(t, law, Config{})
		l.lasts(time.Minute)
		_, before := l.steady(1000)
		l.ends = func(int) (time.Duration, Outcome) { return 2 * ms, Failure }
		l.lasts(time.Second) // those that were on their way
		from := len(l.high)
		l.lasts(5 * time.Second) // some 150,000 of them
		require.LessOrEqual(t, slices.Max(l.high[from:]), before+before/10, law)
	}
}

func TestF3DeadlinesThatExpireLowerTheLimit(t *testing.T) {
	for _, law := range laws {
		l := newLoop(t, law, Config{Initial: 50})
		l.ends = func(int) (time.Duration, Outcome) { return time.Second, TimedOut }
		l.lasts(600 * time.Second)
		require.Equal(t, 1, l.Limit(), law)
	}
}

func TestF4LimitConvergesAndStays(t *testing.T) {
	raced.Spare(t)
	for _, law := range laws {
		l := newLoop(t, law, Config{Initial: 38})
		l.lasts(10 * time.Minute)
		from := len(l.high)
		l.lasts(5 * time.Minute)
		low, high := l.steady(len(l.high) - from)
		require.GreaterOrEqual(t, low, 45, law)
		require.LessOrEqual(t, high, 85, law)
	}
}

func TestP1NoWakeUpIsLost(t *testing.T) {
	l := fixedAt(t, 1, 10)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			// With a deadline, at which the Limiter looks, but beyond that of the test.
			ctx, cancel := context.WithTimeout(context.Background(), 24*time.Hour)
			defer cancel()
			for range 20_000 {
				p, err := l.Acquire(ctx)
				if err != nil {
					t.Error(err)
					return
				}
				p.Done(Success)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 80_000, l.Stats().Ended[Success])
}

func TestP2LatencyThatGrowsKeepsTheLimitDown(t *testing.T) {
	raced.Spare(t)
	for _, law := range laws {
		l := newLoop(t, law, Config{Max: 1000})
		n := 0
		l.ends = func(int) (time.Duration, Outcome) {
			n++
			return time.Second + time.Duration(n)*99*time.Second/100_000, Success
		}
		l.callers = 2000
		l.calls(100_000)
		require.LessOrEqual(t, slices.Max(l.high), 1000, law)
	}
	// Where it grows with what is in flight, the limit stays where it began to.
	for _, law := range laws {
		l := newLoop(t, law, Config{Max: 1000})
		l.callers, l.base = 2000, time.Second
		l.calls(100_000)
		_, high := l.steady(10_000)
		require.LessOrEqual(t, high, 85, law)
	}
}

func TestP3OneLuckyAnswerIsNotTheBaseline(t *testing.T) {
	raced.Spare(t)
	for _, law := range laws {
		l := newLoop(t, law, Config{})
		l.base = 300 * ms
		l.calls(50_000)
		before, _ := l.steady(5000)
		l.ends = func(load int) (time.Duration, Outcome) { return 100 * ms, Success }
		l.calls(1)
		l.ends = nil
		l.calls(50_000)
		after, _ := l.steady(5000)
		require.GreaterOrEqual(t, after, before*8/10, law)
	}
}

func TestP4P6ProbesUnderLoadDoNotLearnTheQueue(t *testing.T) {
	raced.Spare(t)
	for _, law := range laws {
		for _, start := range []int{20, 900} {
			l := newLoop(t, law, Config{Initial: start, Max: 1000})
			l.callers = 2000
			for _, calls := range []int{50_000, 50_000} {
				l.calls(calls)
				low, high := l.steady(10_000)
				require.GreaterOrEqual(t, low, 40, "%s from %d after %d", law, start, calls)
				require.LessOrEqual(t, high, 90, "%s from %d after %d", law, start, calls)
			}
		}
	}
}

func TestP5TimeOutsAtTheDeadlineCutToTheFloor(t *testing.T) {
	for _, law := range laws {
		l := newLoop(t, law, Config{Initial: 20, Max: 1000})
		l.ends = func(int) (time.Duration, Outcome) { return 5 * time.Second, TimedOut }
		l.calls(5000)
		require.Equal(t, 1, l.Limit(), law)
		require.Equal(t, 20, slices.Max(l.high), law)
	}
}

func TestP8MaxWaitIsForTheWholeWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := New(Config{Law: "fixed:1", MaxWait: 100 * ms})
		require.NoError(t, err)
		take(t, l, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		start := time.Now()
		_, err = l.Acquire(ctx)
		require.Same(t, l.Rejection(RejectQueueTimeout), err)
		require.Equal(t, 100*ms, time.Since(start))
	})
}
