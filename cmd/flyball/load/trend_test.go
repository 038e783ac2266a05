package load

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTrend(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	noise := func() time.Duration { return 40*ms + time.Duration(random.Int64N(int64(20*ms))) }
	for name, c := range map[string]struct {
		took  func(at time.Duration) time.Duration
		rises bool
	}{
		"steady":             {func(time.Duration) time.Duration { return noise() }, false},
		"all equal":          {func(time.Duration) time.Duration { return 40 * ms }, false},
		"rises":              {func(at time.Duration) time.Duration { return noise() + at/20 }, true},
		"falls":              {func(at time.Duration) time.Duration { return noise() + (2*time.Second-at)/20 }, false},
		"rises by a little":  {func(at time.Duration) time.Duration { return noise() + at/400 }, false},
		"rises, and is over": {func(at time.Duration) time.Duration { return noise() + max(0, 400*ms-at) }, false}, // the start does not count
	} {
		var samples []sample
		for at := time.Duration(0); at < 2*time.Second; at += 10 * ms {
			samples = append(samples, sample{at: at, took: c.took(at)})
		}
		trend := trendOf(samples, 400*ms, 2*time.Second)
		require.Equal(t, c.rises, trend.Rises(), "%s: %+v", name, trend)
		require.Positive(t, trend.From)
	}
	require.Zero(t, trendOf(nil, 0, time.Second))
	// A few calls prove nothing, however they came out.
	require.False(t, trendOf([]sample{{at: 0, took: ms}, {at: 990 * ms, took: time.Second}}, 0, time.Second).Rises())
	// Ranks 2, 3 and 5 of six: U is 10 − 6 = 4 of 9, so z is (4 − 4.5) / √5.25.
	few := trendOf([]sample{{at: 0, took: 1}, {at: 1, took: 4}, {at: 2, took: 6}, {at: 990 * ms, took: 2}, {at: 991 * ms, took: 3}, {at: 992 * ms, took: 5}}, 0, time.Second)
	require.InDelta(t, -0.218, few.Z, 0.001)
}
