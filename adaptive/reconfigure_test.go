package adaptive

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestReconfigureIsAllOrNothing(t *testing.T) {
	l, err := New(Config{Name: "users", Law: "fixed:5"})
	require.NoError(t, err)
	before := l.Config()
	err = l.Reconfigure(Config{Name: "others", Law: "fixed:0", Max: -1, Queue: 7})
	require.EqualError(t, err, `adaptive: config: Name is "others", must stay "users"
adaptive: config: Max is -1, must be 1 to 16777216, or 0 for 10000
adaptive: law "fixed:0": fixed takes one whole number from 1 to 16777216, as in fixed:20`)
	require.Equal(t, before, l.Config())
	require.Equal(t, 5, l.Limit())
}

func TestReconfigureKeepsWhatTheLawLearned(t *testing.T) {
	law := &script{decisions: []Decision{{Limit: 40, Next: Collect{Samples: 1}}, {Limit: 50, Next: Collect{Samples: 1}}, {Limit: 60, Next: Collect{Samples: 1}}}}
	b := newBench(t, law, Config{})
	b.call(ms, Success)
	require.Equal(t, 50, b.Limit())
	require.NoError(t, b.Reconfigure(Config{Max: 45}))
	require.Equal(t, 45, b.Limit(), "within the new bounds at once")
	require.Equal(t, 6, b.Config().Initial)
	require.Len(t, law.windows, 2, "the same controller goes on")
	b.call(ms, Success)
	require.Equal(t, 45.0, law.last().Limit)
	require.Equal(t, 45.0, law.last().Max)
	require.Equal(t, 45, b.Limit())
	require.NoError(t, b.Reconfigure(Config{Min: 70, Max: 80}))
	require.Equal(t, 70, b.Limit())
	require.Contains(t, b.Explain(), "limit 45 → 70: reconfigured")
}

func TestReconfigureStartsAnotherLawAtTheLimitThereIs(t *testing.T) {
	b := newBench(t, nil, Config{Law: "aimd", Initial: 30})
	for range 500 {
		b.call(ms, Success)
	}
	at := b.Limit()
	require.NoError(t, b.Reconfigure(Config{Law: "vegas"}))
	require.Equal(t, at, b.Limit())
	require.Equal(t, "vegas", b.Config().Law)
	require.NoError(t, b.Reconfigure(Config{Law: "fixed:9"}))
	require.Equal(t, 9, b.Limit())
	b.call(ms, Success)
}

func TestReconfigureAdmitsWhoWaitsAndDrainsWhatIsAbove(t *testing.T) {
	b := newBench(t, nil, Config{Law: "fixed:2"})
	first, second := b.take(), b.take()
	admitted := 0
	for range 3 {
		b.AcquireFunc(func(p Permit, err error) { require.NoError(t, err); admitted++ })
	}
	require.NoError(t, b.Reconfigure(Config{Law: "fixed:4"}))
	require.Equal(t, 2, admitted)
	require.NoError(t, b.Reconfigure(Config{Law: "fixed:1"}))
	first.Done(Success)
	second.Done(Success)
	require.Equal(t, 2, admitted, "2 are in flight of 1")
	require.Equal(t, 1, b.Stats().Waiting)
	require.NoError(t, b.Reconfigure(Config{Law: "fixed:1", Queue: -1}))
	require.Equal(t, 1, b.Stats().Waiting, "who waits stays")
}

func TestReconfigureTurnsAwayWhoWouldWaitForGood(t *testing.T) {
	b := newBench(t, nil, Config{Law: "fixed:4"})
	p := b.take()
	var got error
	b.With(Call{Weight: 4}).AcquireFunc(func(_ Permit, err error) { got = err })
	require.NoError(t, b.Reconfigure(Config{Law: "fixed:3", Max: 3}))
	require.Same(t, b.Rejection(RejectCall), got)
	p.Done(Success)
	b.take().Done(Success)
	require.Zero(t, b.Stats().Waiting)
}

func TestReconfigureLeavesAPinAlone(t *testing.T) {
	b := newBench(t, nil, Config{Law: "aimd"})
	require.NoError(t, b.SetLimit(3))
	require.NoError(t, b.Reconfigure(Config{Law: "vegas", Min: 10}))
	require.Equal(t, 3, b.Limit())
	b.Resume()
	require.Equal(t, 10, b.Limit())
	for range 50 {
		b.call(ms, Success)
	}
	require.GreaterOrEqual(t, b.Limit(), 10)
}

func TestReconfigureWhileALawDecidesWins(t *testing.T) {
	law := &script{decisions: []Decision{{Limit: 40, Next: Collect{Samples: 1}}}}
	b := newBench(t, law, Config{})
	law.onUpdate = func() {
		law.onUpdate = nil
		require.NoError(t, b.Reconfigure(Config{Max: 20}))
	}
	b.call(ms, Success)
	require.Equal(t, 20, b.Limit())
	b.call(ms, Success)
	require.Equal(t, 20, b.Limit())
}

func TestRaceOfReconfiguresLeavesOneOfThemWhole(t *testing.T) {
	l, err := New(Config{Law: "fixed:2", Max: 2})
	require.NoError(t, err)
	var wg sync.WaitGroup
	var over atomic.Int64
	for g := range 4 {
		wg.Go(func() {
			for i := range 300 {
				n := 1 + (g+i)%8
				if err := l.Reconfigure(Config{Law: "fixed:" + string(rune('0'+n)), Max: n, Queue: 100 + n}); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range 1000 {
				p, err := l.Acquire(context.Background())
				if err != nil {
					t.Error(err)
					return
				}
				if atAdmission(p) > 8 {
					over.Add(1)
				}
				p.Done(Success)
			}
		})
	}
	wg.Wait()
	c := l.Config()
	require.Equal(t, c.Max+100, c.Queue)
	require.Equal(t, "fixed:"+string(rune('0'+c.Max)), c.Law)
	require.Equal(t, c.Max, l.Limit())
	require.Zero(t, over.Load())
	require.Zero(t, l.Stats().InFlight)
}

func TestObserveAdmitsAllAndCountsWhatItWouldHaveDone(t *testing.T) {
	b := newBench(t, nil, Config{Law: "fixed:2", Queue: 3, Observe: true})
	var permits []Permit
	for range 10 {
		p, err := b.Acquire(context.Background())
		require.NoError(t, err)
		permits = append(permits, p)
	}
	s := b.Stats()
	require.Equal(t, 10, s.InFlight)
	require.Equal(t, 2, s.Limit)
	require.Equal(t, [RejectReasons]uint64{RejectQueueFull: 5}, s.WouldReject, "3 would have waited")
	require.Zero(t, s.Rejected)
	require.EqualValues(t, 8, s.Blocked)

	permits = append(permits, b.take())
	require.EqualValues(t, 1, b.Stats().WouldReject[RejectLimit])
	b.AcquireFunc(func(p Permit, err error) {
		require.NoError(t, err)
		p.DoneResult(Result{Outcome: Refused, RetryAfter: time.Second})
	})
	permits = append(permits, b.take())
	require.EqualValues(t, 1, b.Stats().WouldReject[RejectRetryAfter])
	for _, p := range permits {
		p.Done(Success)
	}
	require.Zero(t, b.Stats().InFlight)
}

func TestObserveForeseesDeadlines(t *testing.T) {
	b := newBench(t, nil, Config{Law: "fixed:1", Observe: true})
	for range 2000 {
		b.call(10*ms, Success)
	}
	p := b.take()
	late := b.With(Call{Deadline: b.now.Add(15 * ms)})
	q, err := late.Acquire(context.Background())
	require.NoError(t, err)
	require.Equal(t, [RejectReasons]uint64{RejectDeadline: 1}, b.Stats().WouldReject)
	b.sleep(time.Second)
	gone, err := late.Acquire(context.Background())
	require.NoError(t, err)
	gone.Done(Ignored)
	q.Done(Success)
	p.Done(Success)
}

func TestObserveObeysAGuardInFrontAndClose(t *testing.T) {
	b := newBench(t, nil, Config{Law: "fixed:1", Observe: true})
	b.Suspend(nil)
	_, err := b.Acquire(context.Background())
	require.Same(t, b.Rejection(RejectBreakerOpen), err)
	b.Recover(1)
	b.take().Done(Success)
	b.Close()
	_, err = b.Acquire(context.Background())
	require.Same(t, b.Rejection(RejectClosed), err)
}

func TestObserveAdmitsWhoWaitsWhenItBegins(t *testing.T) {
	b := newBench(t, nil, Config{Law: "fixed:1"})
	p := b.take()
	var permits []Permit
	for range 3 {
		b.AcquireFunc(func(q Permit, err error) { permits = append(permits, q) })
	}
	require.NoError(t, b.Reconfigure(Config{Law: "fixed:1", Observe: true}))
	require.Len(t, permits, 3)
	require.Equal(t, 4, b.Stats().InFlight)
	require.NoError(t, b.Reconfigure(Config{Law: "fixed:1"}))
	p.Done(Success)
	_, ok := b.TryAcquire()
	require.False(t, ok, "enforced again")
	for _, q := range permits {
		q.Done(Success)
	}
	b.take().Done(Success)
}

func TestObserveTeachesTheLaw(t *testing.T) {
	law := &script{decisions: []Decision{{Limit: 2, Next: Collect{Samples: 4}}}}
	b := newBench(t, law, Config{Observe: true})
	var permits []Permit
	for range 4 {
		permits = append(permits, b.take())
	}
	b.sleep(ms)
	for _, p := range permits {
		p.Done(Success)
	}
	w := law.last()
	require.True(t, w.Saturated())
	require.Equal(t, 2, w.Blocked)
	require.Equal(t, 4, w.PeakInFlight)
}
