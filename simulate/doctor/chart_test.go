package doctor

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sony/gobreaker/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/breaker"
)

func TestAChartThatIsNoChart(t *testing.T) {
	const env = "environment: {traffic: 1, capacity: 1, latency: 1ms, deadline: 1s}\n"
	for _, c := range []struct {
		config, environment string
		want                []string
	}{
		{"", "", []string{"config.yaml: is empty"}},
		{"version: 1\nlimiter: {max: 5}\n", "", []string{"config.yaml: has no environment, must say there or in a file of its own what traffic, capacity, latency and deadline are"}},
		{"version: 1\nlimiter: {mx: 5}\n" + env, "", []string{"config.yaml:2: limiter.mx: unknown key"}},
		{"version: 1\nenvironment:\n  traffic: -1\n  quiet: 3\n  capacity: 0\n  deadline: 1s\n", "", []string{
			"config.yaml:3: environment.traffic: is -1, must be the calls per second of one replica",
			"environment.capacity: is 0, must be the calls that the downstream works on at once",
			"environment.latency: is 0s, must be the typical round trip without a queue",
			"config.yaml:4: environment.quiet: is 3, must be above 0 and at most Traffic",
		}},
		{"version: 1\ngobreaker: {interval: 1s, bucket-period: 2s, failure-ratio: 3}\n" + env, "", []string{
			"gobreaker.bucket-period: is 2s, must be from 0 to Interval", "gobreaker.failure-ratio: is 3, must be a share",
		}},
		{"version: 1\nlimiter: {max: 5}\n" + env, "version: 1\n" + env, []string{"environment.yaml: has an environment, and ", "config.yaml has another"}},
		{"version: 1\nlimiter: {max: 5}\n", "version: 1\n", []string{"environment.yaml: has no environment"}},
		{"version: 1\nlimiter: {max: 5}\n", "version: 1\nlimiter: {max: 3}\n" + env, []string{"environment.yaml: has a limiter, must have an environment alone"}},
		{"version: 2\n", "version: 3\n", []string{"config.yaml:1: version: is 2, must be 1", "environment.yaml:1: version: is 3, must be 1"}},
	} {
		dir := t.TempDir()
		config, environment := filepath.Join(dir, "config.yaml"), ""
		require.NoError(t, os.WriteFile(config, []byte(c.config), 0o600))
		if c.environment != "" {
			environment = filepath.Join(dir, "environment.yaml")
			require.NoError(t, os.WriteFile(environment, []byte(c.environment), 0o600))
		}
		_, err := Load(config, environment)
		for _, want := range c.want {
			assert.ErrorContains(t, err, want, c.config)
		}
	}
	_, err := Load(filepath.Join(t.TempDir(), "none.yaml"), "")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestAnEnvironmentMayBeAFileOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	config, environment := filepath.Join(dir, "limiter.yaml"), filepath.Join(dir, "environment.yaml")
	require.NoError(t, os.WriteFile(config, []byte("version: 1\nlimiter: {max: 5}\nbreaker: {rate: 0.5}\ncaller: {timeout: 1s}\nexpected: {p99: 1s}\n"), 0o600))
	require.NoError(t, os.WriteFile(environment, []byte("version: 1\nenvironment: {traffic: 3, capacity: 2, latency: 1ms, deadline: 1s}\n"), 0o600))
	c, err := Load(config, environment)
	require.NoError(t, err)
	require.Equal(t, &Chart{
		Limiter: adaptive.Config{Max: 5}, Breaker: &breaker.Config{Rate: 0.5}, Expected: adaptive.Envelope{P99: time.Second},
		Environment: Environment{Traffic: 3, Capacity: 2, Latency: time.Millisecond, Deadline: time.Second},
	}, c)
	require.NoError(t, c.Validate())
	require.ErrorContains(t, (&Chart{}).Validate(), "no environment")
}

// The arithmetic is that of the library itself.
func TestTheDecayIsThatOfGobreaker(t *testing.T) {
	for _, c := range []struct {
		every  time.Duration // between two failures
		wanted uint32
		bucket time.Duration
		trips  bool
	}{
		{19 * time.Second, 5, 3 * time.Second, false},
		{2 * time.Second, 20, 3 * time.Second, false},
		{2 * time.Second, 10, 3 * time.Second, true},
		{2 * time.Second, 20, 0, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
				Interval: 30 * time.Second, BucketPeriod: c.bucket,
				ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= c.wanted },
			})
			for range 500 {
				if done, err := b.Allow(); err == nil {
					done(os.ErrDeadlineExceeded)
				}
				time.Sleep(c.every)
				if b.State() == gobreaker.StateOpen {
					break
				}
			}
			require.Equal(t, c.trips, b.State() == gobreaker.StateOpen, "%+v", c)
			var f findings
			(&Chart{
				Gobreaker:   &Gobreaker{Interval: 30 * time.Second, BucketPeriod: c.bucket, ConsecutiveFailures: int(c.wanted)},
				Environment: Environment{Traffic: 1 / c.every.Seconds(), Capacity: 10, Latency: time.Millisecond, Deadline: time.Second},
			}).gobreaker(&f)
			require.Equal(t, !c.trips, len(f) > 0, "%+v: %v", c, f)
		})
	}
}
