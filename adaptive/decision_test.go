package adaptive

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// deciding makes a Limiter that decides at each call, and tells f.
func deciding(t *testing.T, f func(Decision)) (*bench, *script) {
	law := &script{decisions: []Decision{{Limit: 5, Next: Collect{Samples: 1}}}}
	b := &bench{T: t}
	l, err := NewWith(Config{Name: "users"}, Parts{Law: law, OnDecision: f, Clock: Clock{Now: func() Instant { return b.now }}})
	require.NoError(t, err)
	b.Limiter = l
	return b, law
}

func TestI9PanickingOnDecisionHurtsNobody(t *testing.T) {
	calls := 0
	b, _ := deciding(t, func(Decision) { calls++; panic("mine") })
	for range 3 {
		b.call(ms, Success)
	}
	require.Equal(t, 3, calls)
	s := b.Stats()
	require.EqualValues(t, 3, s.DecisionPanics)
	require.EqualValues(t, 3, s.Ended[Success])
	require.Zero(t, s.InFlight)
}

func TestI9OnDecisionThatExitsItsGoroutineIsCalledAgain(t *testing.T) {
	var calls atomic.Int32
	b, _ := deciding(t, func(Decision) {
		if calls.Add(1) == 1 {
			runtime.Goexit()
		}
	})
	var wg sync.WaitGroup
	wg.Go(func() { b.call(ms, Success) })
	wg.Wait()
	b.call(ms, Success)
	require.EqualValues(t, 2, calls.Load())
	require.Zero(t, b.Stats().InFlight)
}

func TestI9OnDecisionMayCallBack(t *testing.T) {
	var b *bench
	var heard []int
	depth := 0
	b, law := deciding(t, func(d Decision) {
		require.Zero(t, depth, "one at a time")
		depth++
		heard = append(heard, d.To)
		if len(heard) < 5 {
			b.call(ms, Success)
			require.NoError(t, b.Reconfigure(Config{Name: "users"}))
		}
		_, _ = b.Explain(), b.Stats()
		depth--
	})
	law.decisions = []Decision{{Limit: 1, Next: Collect{Samples: 1}}, {Limit: 2, Next: Collect{Samples: 1}}, {Limit: 3, Next: Collect{Samples: 1}}}
	b.call(ms, Success)
	require.Greater(t, len(heard), 4)
	require.IsNonDecreasing(t, heard, "in order")
}

func TestBlockedOnDecisionHoldsUpNobodyElse(t *testing.T) {
	release, inside := make(chan struct{}), make(chan struct{}, 1)
	var heard atomic.Int64
	b, _ := deciding(t, func(Decision) {
		if heard.Add(1) == 1 {
			inside <- struct{}{}
			<-release
		}
	})
	var wg sync.WaitGroup
	p := b.take()
	wg.Go(func() { p.Done(Success) })
	<-inside
	require.Zero(t, b.Stats().InFlight, "its place is free while its callback blocks")
	for range 100 {
		b.call(0, Success)
	}
	require.EqualValues(t, 100-outboxSize, b.Stats().DecisionsDropped)
	close(release)
	wg.Wait()
	require.EqualValues(t, 1+outboxSize, heard.Load())
}

func TestLogDecisionsSaysWhatAndWhy(t *testing.T) {
	var out bytes.Buffer
	handler := slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	write := LogDecisions(slog.New(handler))
	write(Decision{Name: "users", From: 10, To: 12, Reason: "round trips within tolerance", Unless: "cuts above the bound", Value: 1.1, Bound: 1.4, Samples: 50, Median: 20 * ms})
	require.Equal(t, `level=INFO msg="adaptive limit" limiter=users from=10 to=12 reason="round trips within tolerance" value=1.1 bound=1.4 unless="cuts above the bound" samples=50 median=20ms peak=0 blocked=0`+"\n", out.String())
}

func TestLogDecisionsChoosesTheLevel(t *testing.T) {
	for want, d := range map[string]Decision{
		"INFO": {From: 1, To: 2}, "WARN": {From: 1, To: 1, Outside: "so"}, "DEBUG": {From: 1, To: 1},
	} {
		var out strings.Builder
		LogDecisions(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))(d)
		require.Contains(t, out.String(), "level="+want)
	}
	LogDecisions(slog.New(slog.NewTextHandler(io.Discard, nil)))(Decision{}) // not enabled
}

// slowHandler takes its time, on a clock that the test moves.
type slowHandler struct {
	slog.Handler
	work func()
}

func (h slowHandler) Handle(ctx context.Context, r slog.Record) error {
	h.work()
	return h.Handler.Handle(ctx, r)
}

func TestLogDecisionsDropsWhatASlowHandlerCannotTake(t *testing.T) {
	var now Instant
	var out strings.Builder
	h := slowHandler{slog.NewTextHandler(&out, nil), func() { now = now.Add(10 * ms) }}
	l := &decisionLog{log: slog.New(h), now: func() Instant { return now }}
	move := Decision{From: 1, To: 2}
	l.write(move)
	for range 5 {
		l.write(move)
	}
	now = now.Add(restPerWork * 10 * ms)
	l.write(move)
	require.Equal(t, 2, strings.Count(out.String(), "\n"))
	require.Contains(t, out.String(), "dropped=5")
}

func TestStatsAreConsistent(t *testing.T) {
	l, err := New(Config{Law: "fixed:4", Queue: -1})
	require.NoError(t, err)
	var begun, over atomic.Uint64
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for !stop.Load() {
				p, err := l.Acquire(context.Background())
				if err != nil {
					continue
				}
				begun.Add(1)
				p.Done(Outcome(begun.Load() % uint64(Outcomes)))
				over.Add(1)
			}
		})
	}
	for range 2000 {
		before := begun.Load()
		s := l.Stats()
		var ended uint64
		for o := range s.Ended {
			ended += s.Ended[o]
		}
		require.LessOrEqual(t, s.InFlight, s.Limit)
		require.GreaterOrEqual(t, uint64(s.InFlight)+ended, before, "no call is missing")
		require.LessOrEqual(t, s.Rejected[RejectLimit], s.Blocked, "blocked before it is rejected")
	}
	stop.Store(true)
	wg.Wait()
	s := l.Stats()
	var ended uint64
	for _, n := range s.Ended {
		ended += n
	}
	require.Equal(t, over.Load(), ended, "at rest all numbers are exact")
	require.Zero(t, s.InFlight)
}

func TestEnvelopeTellsWhenRealityIsAnother(t *testing.T) {
	expect := Envelope{MinLimit: 3, MaxLimit: 8, P99: 100 * ms, Rejected: 0.02}
	for want, play := range map[string]func(b *bench, i int){
		"": func(b *bench, i int) {
			b.call(time.Duration(50+i%50)*ms, Success)
		},
		"5.0% of the round trips exceed 100ms": func(b *bench, i int) {
			if i%20 == 0 {
				b.call(200*ms, Success)
			} else {
				b.call(50*ms, Success)
			}
		},
		"6.2% are rejected, expected at most 2.0%": func(b *bench, i int) {
			if i%10 == 0 { // so ten calls are 16 arrivals, and one is rejected
				var held []Permit
				for range 5 {
					held = append(held, b.take())
				}
				b.TryAcquire()
				for _, p := range held {
					p.Done(Ignored)
				}
			}
			b.call(50*ms, Success)
		},
	} {
		b, _ := newExpecting(t, expect, 5)
		for i := range 5000 {
			play(b, i)
		}
		require.Equal(t, want, lastOf(b).Outside)
		if want != "" {
			require.Contains(t, b.Explain(), "not as expected: "+want)
		}
	}
	for limit, want := range map[float64]string{2: "the limit stays below 3", 9: "the limit stays above 8", 3: "", 8: ""} {
		b, _ := newExpecting(t, expect, limit)
		for range 2000 {
			b.call(50*ms, Success)
		}
		require.Equal(t, want, lastOf(b).Outside)
	}
}

func lastOf(b *bench) (last Decision) {
	for d := range b.Decisions() {
		last = d
	}
	return last
}

func newExpecting(t *testing.T, e Envelope, limit float64) (*bench, *script) {
	law := &script{decisions: []Decision{{Limit: limit, Next: Collect{Samples: 100}}}}
	b := &bench{T: t}
	l, err := NewWith(Config{Queue: -1}, Parts{Law: law, Expected: e, Clock: Clock{Now: func() Instant { return b.now }}})
	require.NoError(t, err)
	b.Limiter = l
	return b, law
}

func TestEnvelopeIsChecked(t *testing.T) {
	_, err := NewWith(Config{}, Parts{Expected: Envelope{MinLimit: 9, MaxLimit: 4, P99: -1, Rejected: 1.5}})
	require.EqualError(t, err, `adaptive: envelope: MinLimit is 9, above MaxLimit 4
adaptive: envelope: P99 is -1ns, must be above 0, or 0 for none
adaptive: envelope: Rejected is 1.5, must be above 0 and up to 1, or 0 for none`)
}
