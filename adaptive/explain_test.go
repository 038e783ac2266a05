package adaptive

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExplainIsASentenceWithReasonNumbersAndCounterfactual(t *testing.T) {
	s := &script{decisions: []Decision{
		{Limit: 8, Reason: "start", Next: Collect{Samples: 4}},
		{Limit: 5, Reason: "queue estimate above beta", Value: 7.24, Bound: 6, Unless: "holds at or below it", Next: Collect{Samples: 4}},
	}}
	b := newBench(t, s, Config{Name: "users"})
	for range 4 {
		b.call(41*ms, Success)
	}
	require.Equal(t, "users: 0.164s: limit 8 → 5: queue estimate above beta (7.24 against 6); 4 samples, median 40.9ms, up to 1 in flight, 0 blocked; holds at or below it", b.Explain())
	require.NoError(t, b.SetLimit(3))
	require.Contains(t, b.Explain(), "users: pinned at 3 by SetLimit; last: 0.164s: limit 8 → 5")
}

func TestDecisionsAreTheLast256AndHoldingIsOne(t *testing.T) {
	s := &script{decisions: []Decision{{Limit: 5, Reason: "hold", Next: Collect{Samples: 1}}}}
	b := newBench(t, s, Config{Initial: 5})
	for range 10 {
		b.call(ms, Success)
	}
	held := slices.Collect(b.Decisions())
	require.Len(t, held, 1)
	require.Equal(t, b.now, held[0].At)

	for i := range 300 {
		s.decisions = []Decision{{Limit: float64(5 + i%2), Reason: "flap", Next: Collect{Samples: 1}}}
		b.call(ms, Success)
	}
	all := slices.Collect(b.Decisions())
	require.Len(t, all, 256)
	require.True(t, slices.IsSortedFunc(all, func(a, b Decision) int { return int(a.At - b.At) }))
	require.Equal(t, b.now, all[255].At)
	for d := range b.Decisions() {
		require.Equal(t, all[0], d)
		break
	}
}

func TestOnDecisionMayCallBack(t *testing.T) {
	var b *bench
	var seen []Decision
	s := &script{decisions: []Decision{{Limit: 5, Next: Collect{Samples: 1}}, {Limit: 7, Next: Collect{Samples: 1}}}}
	b = &bench{T: t}
	l, err := NewWith(Config{}, Parts{Law: s, Clock: Clock{Now: func() Instant { return b.now }}, OnDecision: func(d Decision) {
		seen = append(seen, d)
		_ = b.Explain()
		_ = b.Stats()
		require.NoError(t, b.SetLimit(2))
	}})
	require.NoError(t, err)
	b.Limiter = l
	b.call(ms, Success)
	require.Len(t, seen, 1)
	require.Equal(t, 5, seen[0].From)
	require.Equal(t, 7, seen[0].To)
	require.Equal(t, 2, b.Limit())
}
