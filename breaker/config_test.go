package breaker

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
)

func TestTheZeroConfigWorks(t *testing.T) {
	require.NoError(t, Config{}.Validate())
	lim, err := adaptive.New(adaptive.Config{})
	require.NoError(t, err)
	b, err := New(lim, Config{})
	require.NoError(t, err)
	require.Equal(t, Config{
		Silence: time.Second, MinCalls: 5, Rate: 0.8, MinVolume: 20, Window: 10 * time.Second,
		SlowRate: -1, Consecutive: -1, AtFloor: 5,
		Open:       Backoff{Base: 500 * time.Millisecond, Factor: 1.5, Max: 2 * time.Second, Jitter: 0.1},
		ProbeShare: 0.5,
	}, b.Config())
	require.NoError(t, b.Config().Validate())
}

func TestAllFaultsAreReportedAtOnce(t *testing.T) {
	_, err := New(nil, Config{
		Rate: 1.5, MinVolume: -1, Window: time.Nanosecond,
		Open: Backoff{Base: -1, Factor: 0.5, Max: -1}, ProbeWithin: -1,
	})
	for _, part := range []string{
		"limiter is nil", "Rate is 1.5", "MinVolume is -1", "Window is 1ns",
		"Open.Base is -1ns", "Open.Factor is 0.5", "Open.Max is -1ns", "ProbeWithin is -1ns",
	} {
		require.ErrorContains(t, err, part)
	}
}

func TestFaultsThatHideAreFound(t *testing.T) {
	for name, c := range map[string]Config{
		"rate NaN":        {Rate: math.NaN()},
		"factor NaN":      {Open: Backoff{Factor: math.NaN()}},
		"factor infinite": {Open: Backoff{Factor: math.Inf(1)}},
		"base above max":  {Open: Backoff{Base: 2 * time.Second, Max: time.Second}},
		"base too long":   {Open: Backoff{Base: math.MaxInt64}},
	} {
		require.Error(t, c.Validate(), name)
	}
	require.NoError(t, Config{Open: Backoff{Base: time.Hour}}.Validate(), "Max follows Base")
}

func TestStatesReadLikeGobreakers(t *testing.T) {
	require.Equal(t, "closed half-open open state 7",
		Closed.String()+" "+HalfOpen.String()+" "+Open.String()+" "+State(7).String())
}
