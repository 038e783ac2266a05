package adaptive

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestZeroConfigWorks(t *testing.T) {
	l, err := New(Config{})
	require.NoError(t, err)
	require.Equal(t, Config{Law: "knee", Initial: 6, Min: 1, Max: 10_000, Queue: 1024, MaxRetryAfter: time.Minute}, l.Config())
	require.Equal(t, 6, l.Limit())
	require.NoError(t, Do(context.Background(), l, func(context.Context) error { return nil }))
}

func TestDefaultsFollowTheBounds(t *testing.T) {
	require.Equal(t, 3, Config{Max: 3}.WithDefaults().Initial)
	require.Equal(t, 50, Config{Min: 50}.WithDefaults().Initial)
	require.Equal(t, 20_000, Config{Min: 20_000}.WithDefaults().Max)
	require.NoError(t, Config{Min: 1 << 24}.Validate())
	require.NoError(t, Config{Max: 1}.Validate())
}

func TestNewReportsAllFaultsAtOnce(t *testing.T) {
	_, err := New(Config{Law: "veags", Min: 9, Max: 4, Queue: -2, MaxWait: -time.Second})
	require.EqualError(t, err, `adaptive: config: Min is 9, above Max 4
adaptive: config: Queue is -2, must be 0 for 1024, −1 for none, or a number of calls
adaptive: config: MaxWait is -1s, must not be negative; 0 means as long as ctx
adaptive: law "veags" is unknown; the laws are aimd, fair, fixed, gradient, knee, vegas`)
}

func TestValidateNamesTheFault(t *testing.T) {
	for want, c := range map[string]Config{
		"adaptive: config: Min is -1, must be 1 to 16777216, or 0 for 1":                                          {Min: -1},
		"adaptive: config: Max is -5, must be 1 to 16777216, or 0 for 10000":                                      {Max: -5},
		"adaptive: config: Max is 16777217, must be 1 to 16777216, or 0 for 10000":                                {Max: 1<<24 + 1},
		"adaptive: config: Initial is 5, must be within Min 1 and Max 4, or 0":                                    {Initial: 5, Max: 4},
		"adaptive: config: MaxRetryAfter is 721h0m0s, must be at most 720h0m0s, 0 for 1m0s, or negative for none": {MaxRetryAfter: 721 * time.Hour},
		"adaptive: config: Initial is -5, must be within Min 1 and Max 10000, or 0":                               {Initial: -5},
	} {
		require.EqualError(t, c.Validate(), want)
	}
}

func TestTypedLawIsChecked(t *testing.T) {
	_, err := NewWith(Config{}, Parts{Law: AIMD{Backoff: 2}})
	require.EqualError(t, err, `adaptive: law "aimd:backoff=2": backoff is 2, must be above 0 and below 1`)
	l, err := NewWith(Config{}, Parts{Law: AIMD{Backoff: 0.5}})
	require.NoError(t, err)
	require.Equal(t, "aimd:backoff=0.5", l.Config().Law)
}

func TestLargestLimitIsEnforced(t *testing.T) {
	l, err := New(Config{Law: "fixed", Initial: 1 << 24, Max: 1 << 24})
	require.NoError(t, err)
	require.Equal(t, 1<<24, l.Limit())
	p, ok := l.TryAcquire()
	require.True(t, ok)
	require.Equal(t, 1, l.Stats().InFlight)
	p.Done(Success)
	require.Equal(t, 1<<24, l.Limit())
}
