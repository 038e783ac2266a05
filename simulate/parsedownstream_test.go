package simulate

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLatencyAndHardLimitAreRead(t *testing.T) {
	sc, err := Parse("x.yaml", []byte(`
duration: 60s
load: {poisson: 1.2x}
downstream:
  latency: {base: 50ms, noise: 0.2, slope: 1ms, knee: 40, growth: 0.05}
  hard-limit: {in-flight: 60, then: swallow}
  rate-limit: {rate: 100, then: refuse}
  network: 10ms
`))
	require.NoError(t, err)
	require.Equal(t, Downstream{
		Latency:   LatencyModel{Base: 50 * ms, Noise: 0.2, Slope: ms, Knee: 40, Growth: 0.05},
		HardLimit: HardLimit{60, Swallow}, RateLimit: RateLimit{Rate: 100, Then: Refuse},
		Network: 10 * ms, Queue: -1,
	}, sc.Downstream)
}

func TestFaultsOfADownstreamNameLineKeyAndRemedy(t *testing.T) {
	const servers = "  servers: 20\n  service: {exp: 50ms}\n"
	for _, c := range []struct{ text, want string }{
		{"  latency: {base: 50ms}\n", "4: downstream.latency: is the same for any number of calls, so that no limit is right; must have a slope or a knee, or the downstream a hard-limit or a rate-limit"},
		{"  latency: {slope: 1ms}\n", "4: downstream.latency.base: is 0s, must be above 0 and at most 8784h0m0s"},
		{"  latency: {}\n", "4: downstream.latency.base: is missing, must be above 0"},
		{"  latency: {base: 50ms, knee: 5}\n", "4: downstream.latency.growth: is missing, must be above 0 where there is a knee"},
		{"  latency: {base: 50ms, slope: 1ms, growth: 0.1}\n", "4: downstream.latency.knee: is missing, must be the number of calls from which latency grows so"},
		{"  latency: {base: 50ms, slope: -1ms, knee: 3, growth: 1}\n", "4: downstream.latency.slope: is -1ms, must be from 0 to 8784h0m0s"},
		{"  latency: {base: 50ms, knee: -3, growth: 1, slope: 1ms}\n", "4: downstream.latency.knee: is -3, must be from 0 to 1048576"},
		{"  latency: {base: 50ms, noise: -3, slope: 1ms}\n", "4: downstream.latency.noise: is -3, must not be negative"},
		{"  latency: {base: 50ms, nose: 3, slope: 1ms}\n", "4: downstream.latency.nose: unknown key, must be noise?"},
		{"  latency: {base: 50ms, slope: 1ms}\n  servers: 20\n", "5: downstream.servers: is set, but a downstream with latency has no servers and no queue; leave one of them out"},
		{"  latency: {base: 50ms, slope: 1ms}\n  service: {exp: 5ms}\n", "5: downstream.service: is set, but"},
		{"  latency: {base: 50ms, slope: 1ms}\n  queue: 0\n", "5: downstream.queue: is set, but"},
		{"  latency: {base: 50ms, slope: 1ms}\n  queue: 5\n", "5: downstream.queue: is set, but"},
		{"  latency: {base: 50ms, slope: 1ms}\n  order: ps\n", "5: downstream.order: is set, but"},
		{"  latency: {base: 50ms, slope: 1ms}\n  usl: {sigma: 1}\n", "5: downstream.usl: is set, but"},
		{"  latency: {base: 50ms, slope: 1ms}\n  drop-stale: true\n", "5: downstream.drop-stale: is set, but"},
		{"  latency: {base: 50ms, slope: 1ms}\nfaults: {capacity: 0.5}\n", "5: faults.capacity: is a share of the servers, of which a downstream with latency has none"},
		{servers + "  hard-limit: {in-flight: 0}\n", "6: downstream.hard-limit.in-flight: is missing, must be above 0"},
		{servers + "  hard-limit: {then: swallow}\n", "6: downstream.hard-limit.in-flight: is 0, must be from 1 to 1048576"},
		{servers + "  hard-limit: {in-flight: 5, then: vanish}\n", `6: downstream.hard-limit.then: is "vanish", must be refuse or swallow`},
		{servers + "  rate-limit: {rate: 5, then: vanish}\n", `6: downstream.rate-limit.then: is "vanish", must be refuse or swallow`},
		{servers + "  rate-limit: {rate: 5, then: swallow, retry-after: 1s}\n", "6: downstream.rate-limit.retry-after: is set, but a call that is swallowed has no answer to say so"},
	} {
		_, err := Parse("x.yaml", []byte("duration: 60s\nload: {poisson: 1.2x}\ndownstream:\n"+c.text))
		require.Error(t, err, c.text)
		require.NotContains(t, err.Error(), "\n", c.text)
		require.Contains(t, err.Error(), "x.yaml:"+c.want, c.text)
	}
}
