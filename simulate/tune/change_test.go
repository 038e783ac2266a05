package tune

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/simulate"
)

func TestAChangeChangesTheDownstreamAlone(t *testing.T) {
	sc := scenario(t, `{name: all, duration: 60s, timeout: 1s, load: [{poisson: 100, for: 10s}, {poisson: 1.5x}],
		classes: [{name: a, share: 0.5, service: {exp: 100ms}}, {name: b, share: 0.5}],
		downstream: {servers: {0s: 10, 30s: 20}, service: {exp: 50ms}, network: 1ms, hard-limit: {in-flight: 40}, rate-limit: {rate: 300, burst: 50}}}`)
	before := digest(sc)
	slower := Change{"slower", 1.2, 1}.on(sc)
	require.NoError(t, slower.Validate())
	require.Equal(t, 60*time.Millisecond, slower.Downstream.Service.Mean)
	require.Equal(t, 120*time.Millisecond, slower.Classes[0].Service.Mean)
	require.Equal(t, sc.Downstream.Servers, slower.Downstream.Servers)
	require.Equal(t, time.Millisecond, slower.Downstream.Network)
	require.InDelta(t, 1.8, slower.Load[1].Rate.Value, 1e-9, "of a capacity that is a sixth lower")

	smaller := Change{"smaller", 1, 0.8}.on(sc)
	require.NoError(t, smaller.Validate())
	require.Equal(t, []simulate.Step{{Servers: 8}, {At: 30 * time.Second, Servers: 16}}, smaller.Downstream.Servers)
	require.Equal(t, 32, smaller.Downstream.HardLimit.InFlight)
	require.Equal(t, simulate.RateLimit{Rate: 240, Burst: 40}, smaller.Downstream.RateLimit)
	require.InDelta(t, 1.875, smaller.Load[1].Rate.Value, 1e-9)
	require.Equal(t, 100.0, smaller.Load[0].Rate.Value)
	require.Equal(t, before, digest(sc), "the scenario itself is left alone")
}

func TestAChangeThatChangesNothingIsNone(t *testing.T) {
	one := scenario(t, "{name: one, duration: 60s, timeout: 1s, load: {poisson: 10}, downstream: {servers: 1, service: {exp: 50ms}}}")
	require.Nil(t, Change{"smaller", 1, 0.8}.on(one))
	require.NotNil(t, Change{"slower", 1.2, 1}.on(one))
	require.Same(t, one, changes[0].on(one))
}

func TestAChangeOfALatencyModelMovesItsKnee(t *testing.T) {
	sc := scenario(t, `{name: knee, duration: 60s, timeout: 1s, load: {poisson: 100},
		downstream: {latency: {base: 20ms, slope: 1ms, knee: 30, growth: 0.1}}}`)
	slower, larger := Change{"", 1.2, 1}.on(sc), Change{"", 1, 1.2}.on(sc)
	require.NoError(t, slower.Validate())
	require.NoError(t, larger.Validate())
	require.Equal(t, 24*time.Millisecond, slower.Downstream.Latency.Base)
	require.Equal(t, 36, larger.Downstream.Latency.Knee)
	require.Less(t, larger.Downstream.Latency.Slope, sc.Downstream.Latency.Slope)
}
