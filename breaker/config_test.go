package breaker

import (
	"fmt"
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
		Open:       Backoff{Base: 200 * time.Millisecond, Factor: 1.1, Max: time.Second, Jitter: 0.1},
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

func TestEachNumberHasBounds(t *testing.T) {
	beyond := math.MaxInt32
	beyond++ // below 0 where an int has 32 bits
	for name, c := range map[string]Config{
		"Silence is -2ns": {Silence: -2}, "Silence is 721h0m0s": {Silence: 721 * time.Hour},
		"MinCalls is -1": {MinCalls: -1}, fmt.Sprintf("MinCalls is %d", beyond): {MinCalls: beyond},
		"Rate is -0.5": {Rate: -0.5}, "Rate is 1.1": {Rate: 1.1}, "Rate is NaN": {Rate: math.NaN()}, "Rate is +Inf": {Rate: math.Inf(1)},
		"MinVolume is -1": {MinVolume: -1}, "Window is -1ns": {Window: -1}, "Window is 2562047h47m16.854775807s": {Window: math.MaxInt64},
		"SlowRate is 2": {SlowRate: 2}, "SlowAfter is -1ns": {SlowRate: 0.5, SlowAfter: -1},
		"Consecutive is -2": {Consecutive: -2}, "AtFloor is -2": {AtFloor: -2},
		"ProbeShare is -1": {ProbeShare: -1}, "ProbeShare is 1.5": {ProbeShare: 1.5}, "ProbeWithin is -1ns": {ProbeWithin: -1},
		"Open.Jitter is 2": {Open: Backoff{Jitter: 2}}, "Open.Factor is 0.99": {Open: Backoff{Factor: 0.99}},
	} {
		require.ErrorContains(t, c.Validate(), name)
	}
}

func TestARuleThatCanNeverFireSaysSoWithTheArithmetic(t *testing.T) {
	require.EqualError(t, Config{Silence: -1, Rate: -1, AtFloor: -1}.Validate(),
		"breaker: config: Silence, Rate, SlowRate, Consecutive and AtFloor are all never, so that nothing can trip; leave one on")
	require.EqualError(t, Config{SlowAfter: time.Second}.Validate(),
		"breaker: config: SlowAfter is 1s but SlowRate is never, so that no share of slow calls can trip; set SlowRate, or leave SlowAfter 0")
	for want, lim := range map[string]adaptive.Config{
		"AtFloor is 5 but can never fire: the limit cannot fall, its Min 7 is its Max":             {Min: 7, Max: 7},
		"AtFloor is 5 but can never fire: the law fixed:20 keeps the limit at 20, above its Min 1": {Law: "fixed:20", Initial: 20},
	} {
		l, err := adaptive.New(lim)
		require.NoError(t, err)
		_, err = New(l, Config{AtFloor: 5})
		require.ErrorContains(t, err, want)
		_, err = New(l, Config{})
		require.NoError(t, err, "the default steps aside")
	}
	require.NoError(t, Config{}.ValidateAt(2))
	require.EqualError(t, Config{SlowRate: 0.5, Window: time.Minute, MinVolume: 100}.ValidateAt(1), ""+
		"breaker: config: Rate can never fire at 1 calls per second: 1m0s of them are 60 results, MinVolume is 100; a MinVolume of 60 or a Window of 1m40s would do\n"+
		"breaker: config: SlowRate can never fire at 1 calls per second: 1m0s of them are 60 results, MinVolume is 100; a MinVolume of 60 or a Window of 1m40s would do")
	for _, rate := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		require.ErrorContains(t, Config{}.ValidateAt(rate), "must be a positive number")
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
