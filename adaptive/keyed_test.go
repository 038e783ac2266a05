package adaptive

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// keyed is a Keyed on a clock that the test moves.
type keyed struct {
	*testing.T
	*Keyed[string]
	now Instant
}

func newKeyed(t *testing.T, c KeyedConfig) *keyed {
	k := &keyed{T: t}
	var err error
	k.Keyed, err = NewKeyed[string](c, Parts{Clock: Clock{Now: func() Instant { return k.now }}})
	require.NoError(t, err)
	return k
}

func (k *keyed) start(key string) Permit {
	k.Helper()
	p, err := k.For(key).Acquire(context.Background())
	require.NoError(k, err)
	return p
}

func (k *keyed) call(keys ...string) {
	k.Helper()
	for _, key := range keys {
		k.now = k.now.Add(time.Second)
		k.start(key).Done(Success)
	}
}

func (k *keyed) names() []string {
	all := maps.Collect(k.All())
	return slices.Sorted(maps.Keys(all))
}

func TestKeyedLimitsEachKeyByItself(t *testing.T) {
	k := newKeyed(t, KeyedConfig{Limiter: Config{Name: "hosts", Law: "fixed:1", Queue: -1}})
	a := k.start("a")
	_, err := k.For("a").Acquire(context.Background())
	require.EqualError(t, err, "adaptive: hosts/a: rejected: limit reached")
	b := k.start("b")
	a.Done(Success)
	b.Done(Success)
	k.call("a", "b")
	require.Equal(t, KeyedStats{Keys: 2, Made: 2}, k.Stats())
	for key, lim := range k.All() {
		require.Equal(t, "hosts/"+key, lim.Config().Name)
		require.EqualValues(t, 2, lim.Stats().Ended[Success])
	}
}

func TestKeyedEvictsTheKeyThatIsIdleForLongest(t *testing.T) {
	k := newKeyed(t, KeyedConfig{MaxKeys: 3, Idle: time.Minute})
	k.call("a", "b", "c", "a", "d")
	require.Equal(t, []string{"a", "c", "d"}, k.names())
	require.Equal(t, KeyedStats{Keys: 3, Made: 4, Evicted: 1}, k.Stats())
}

func TestKeyedEvictsAllThatAreIdleForLong(t *testing.T) {
	k := newKeyed(t, KeyedConfig{MaxKeys: 3, Idle: time.Minute})
	k.call("a", "b", "c")
	k.now = k.now.Add(59 * time.Second)
	k.call("c", "d")
	require.Equal(t, []string{"c", "d"}, k.names())
}

func TestKeyedNeverEvictsAKeyInUse(t *testing.T) {
	k := newKeyed(t, KeyedConfig{Limiter: Config{Law: "fixed:1"}, MaxKeys: 2, Idle: time.Minute})
	p := k.start("flying")
	k.now = k.now.Add(time.Hour)
	k.start("held").DoneResult(Result{Outcome: Refused, RetryAfter: time.Minute})

	before := k.For("new") // a guard that finds no room yet
	_, err := before.Acquire(context.Background())
	require.EqualError(t, err, "adaptive: rejected: too many keys")
	require.ErrorIs(t, err, ErrRejected)
	called := false
	before.AcquireFunc(func(_ Permit, again error) { called = true; require.Same(t, err, again) })
	require.True(t, called)
	require.Equal(t, KeyedStats{Keys: 2, Made: 2, Rejected: 2}, k.Stats())
	require.Equal(t, []string{"flying", "held"}, k.names())

	k.now = k.now.Add(time.Minute)
	p2, err := before.Acquire(context.Background())
	require.NoError(t, err, "the Retry-After is over, so that key may go")
	require.Equal(t, []string{"flying", "new"}, k.names())
	p2.Done(Success)
	p.Done(Success)
}

func TestGuardOfAnEvictedKeyFindsTheNewLimiter(t *testing.T) {
	k := newKeyed(t, KeyedConfig{Limiter: Config{Law: "fixed:1", Queue: -1}, MaxKeys: 1})
	old := k.For("a")
	k.call("a", "b")
	require.Equal(t, []string{"b"}, k.names())
	p, err := old.Acquire(context.Background())
	require.NoError(t, err)
	_, err = k.For("a").Acquire(context.Background())
	require.EqualError(t, err, "adaptive: a: rejected: limit reached", "there is one limit for the key, however old the guard is")
	p.Done(Success)

	k.call("b")
	got := false
	old.AcquireFunc(func(p Permit, err error) {
		got = true
		require.NoError(t, err)
		p.Done(Success)
	})
	require.True(t, got)
}

func TestNewKeyedReportsAllFaultsAtOnce(t *testing.T) {
	_, err := NewKeyed[int](KeyedConfig{MaxKeys: -1, Idle: -1, Limiter: Config{Max: -1, Law: "x"}}, Parts{})
	require.EqualError(t, err, `adaptive: keyed: MaxKeys is -1, must be at least 1, or 0 for 256
adaptive: keyed: Idle is -1ns, must be above 0, or 0 for 10m0s
adaptive: config: Max is -1, must be 1 to 16777216, or 0 for 10000
adaptive: law "x" is unknown; the laws are aimd, fair, fixed, gradient, knee, vegas`)
	require.EqualError(t, KeyedConfig{MaxKeys: -1, Limiter: Config{Queue: -9}}.Validate(), `adaptive: keyed: MaxKeys is -1, must be at least 1, or 0 for 256
adaptive: config: Queue is -9, must be 0 for 1024, −1 for none, or a number of calls`)
}

func TestKeyedCallAllocatesNothing(t *testing.T) {
	k, err := NewKeyed[string](KeyedConfig{}, Parts{})
	require.NoError(t, err)
	ctx, host := context.Background(), fmt.Sprint("users", ".example")
	call := func() {
		p, err := k.For(host).Acquire(ctx)
		if err != nil {
			t.Fatal(err)
		}
		p.Done(Success)
	}
	call()
	require.Zero(t, testing.AllocsPerRun(1000, call))
}

// TestKeyNeverHasTwoLimitersThatAdmit: goroutines with guards old and new use more
// keys than there may be, while the limit of each is one call.
func TestKeyNeverHasTwoLimitersThatAdmit(t *testing.T) {
	const keys = 6
	k, err := NewKeyed[int](KeyedConfig{Limiter: Config{Law: "fixed:1", Max: 1}, MaxKeys: 3}, Parts{})
	require.NoError(t, err)
	var inside [keys]atomic.Int32
	var served, full atomic.Int64
	var wg sync.WaitGroup
	var guards [keys]Guard
	for i := range guards {
		guards[i] = k.For(i)
	}
	for g := range 8 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(g), 1))
			for range 1000 {
				key := rnd.IntN(keys)
				guard := guards[key]
				if rnd.IntN(2) == 0 {
					guard = k.For(key)
				}
				p, err := guard.Acquire(context.Background())
				if err == error(k.full) {
					full.Add(1)
					continue
				}
				if err != nil || inside[key].Add(1) != 1 {
					t.Errorf("key %d: %v, %d inside", key, err, inside[key].Load())
				}
				served.Add(1)
				inside[key].Add(-1)
				p.Done(Success)
			}
		})
	}
	wg.Wait()
	s := k.Stats()
	require.Equal(t, 3, s.Keys)
	require.Equal(t, uint64(s.Keys), s.Made-s.Evicted)
	require.NotZero(t, s.Evicted)
	require.EqualValues(t, 8*1000, served.Load()+full.Load())
	for _, lim := range k.All() {
		require.Zero(t, lim.Stats().InFlight)
	}
}
