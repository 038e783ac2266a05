package adaptive

import (
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// hints are of goroutines: stacks are some KiB apart.
func hints(r *rand.Rand) (a, b uint64) {
	a = r.Uint64() >> 34
	return a, a + (1+r.Uint64N(64))<<r.Uint64N(8)
}

func TestGoroutinesThatMeetArePartedAtOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	slots := uint64(8)
	at := func(s *samples, hint uint64) uint64 { return s.spread(hint) >> 32 % slots }
	const pairs = 10_000
	met := 0
	for range pairs {
		s := newSamples(Clock{})
		s.salt.Store(r.Uint64() | 1)
		a, b := hints(r)
		n := 0
		for ; at(s, a) == at(s, b); n++ {
			require.Less(t, n, 12, "hints %x and %x", a, b)
			s.part()
		}
		met += n
	}
	require.Less(t, met, 3*pairs/int(slots), "a pair met so often, one in 8 did at first")
}

func TestWhoFindsNoHomeSpreadsAllAnew(t *testing.T) {
	l, err := New(Config{Min: 1000, Initial: 1000})
	require.NoError(t, err)
	require.True(t, l.gate.load().keeps(), "far below the limit")
	seat := func(hint uint64) (*slot, tag) {
		w, ok := l.gate.admit(1)
		require.True(t, ok)
		s, _, t := l.seat(w, l.samples.mark.Load(), hint)
		return s, t
	}
	const hint = 12345
	salt := l.samples.salt.Load()
	taken := map[*slot]bool{}
	for range homesOf {
		s, tag := seat(hint)
		require.NotZero(t, tag&tagHome)
		require.False(t, taken[s])
		taken[s] = true
		require.Equal(t, salt, l.samples.salt.Load())
	}
	shards := map[*shard]bool{}
	for s := range taken {
		shards[s.shard] = true
	}
	require.Len(t, shards, 1, "all homes of a goroutine have the same")
	_, tag := seat(hint)
	require.Zero(t, tag&tagHome)
	require.NotEqual(t, salt, l.samples.salt.Load())
}

func TestThereIsAnEndToSpreading(t *testing.T) {
	s := newSamples(Clock{})
	salts := map[uint64]bool{}
	for range 2 * spreads {
		s.part()
		salts[s.salt.Load()] = true
	}
	require.Len(t, salts, spreads)
	salt := s.salt.Load()
	s.newWindow(0)
	s.part()
	require.NotEqual(t, salt, s.salt.Load(), "it begins anew with a window")
}

// What all calls of a slot touch is on the slot's line and not on its neighbour's, although
// a table that the collector has a word in front of begins 8 bytes into a line.
func TestASlotIsACacheLine(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) == 8 {
		require.EqualValues(t, 64, unsafe.Sizeof(slot{}))
	}
	require.LessOrEqual(t, unsafe.Offsetof(slot{}.stripe)+unsafe.Sizeof(slot{}.stripe), uintptr(56))
}
