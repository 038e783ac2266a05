package adaptive

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAReportIsWhatTheLimiterIs(t *testing.T) {
	now := func() Instant { return Instant(3 * time.Second) }
	l, err := NewWith(Config{Name: "stock", Law: "fixed:2", Max: 9, Queue: -1}, Parts{Clock: Clock{Now: now}})
	require.NoError(t, err)
	p, _ := l.TryAcquire()
	l.TryAcquire()
	_, ok := l.TryAcquire()
	require.False(t, ok)
	p.Done(Failure)
	p.Done(Failure)

	r := l.Report()
	require.Equal(t, l.Stats(), r.Stats)
	require.Nil(t, r.Breaker)
	text, err := json.Marshal(r)
	require.NoError(t, err)
	require.JSONEq(t, `{"name": "stock", "law": "fixed:2", "at_seconds": 3, "limit": 2, "min": 1, "max": 9, "in_flight": 1, "waiting": 0, "queue": 0,
		"ended": {"failure": 1}, "rejected": {"limit reached": 1}, "blocked": 1, "late_ends": 1}`, string(text))
}

func TestAReportNamesWhatReachedTheAlarm(t *testing.T) {
	b, err := New(Config{})
	require.NoError(t, err)
	require.Empty(t, b.Report().Outside)
	b.control.mu.Lock()
	b.control.decisions.add(Decision{Outside: "the limit is above 3"})
	b.control.mu.Unlock()
	require.Equal(t, "the limit is above 3", b.Report().Outside)
}

// Counters that fell when a key goes would look like a restart, to Prometheus too.
func TestAReportOfKeysCountsTheEvicted(t *testing.T) {
	k := newKeyed(t, KeyedConfig{Limiter: Config{Name: "hosts", Law: "fixed:3"}, MaxKeys: 2})
	k.call("a", "a", "b")
	held := k.start("b")
	r := k.Report()
	require.Equal(t, "hosts", r.Name)
	require.Equal(t, [3]int{6, 1, 2}, [3]int{r.Stats.Limit, r.Stats.InFlight, r.Min})
	require.EqualValues(t, 3, r.Stats.Ended[Success])

	k.call("c") // a goes
	require.Equal(t, []string{"b", "c"}, k.names())
	r = k.Report()
	require.EqualValues(t, 4, r.Stats.Ended[Success])
	require.Equal(t, 6, r.Stats.Limit)

	other := k.start("c")
	_, err := k.For("d").Acquire(t.Context())
	require.True(t, errors.Is(err, ErrRejected))
	r = k.Report()
	require.EqualValues(t, 1, r.Stats.Rejected[RejectKeys])
	require.EqualValues(t, 1, r.Stats.Blocked)
	held.Done(Success)
	other.Done(Success)
	k.now = k.now.Add(time.Hour)
	k.call("d") // all others go
	require.EqualValues(t, 7, k.Report().Stats.Ended[Success])
}
