package simulate

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// long is whether the tests that take minutes are wanted.
func long() bool { return os.Getenv("FLYBALL_LONG") == "1" }

// simple is one server farm: exponential service of mean 50 ms, no time-out.
func simple(rate float64, servers int, duration time.Duration) *Scenario {
	return &Scenario{
		Name: "simple", Seed: 1, Duration: duration,
		Load: []Phase{{Arrivals: Poisson, Rate: Rate{Value: rate}}},
		Downstream: Downstream{
			Servers: []Step{{Servers: servers}}, Queue: -1, Service: Distribution{Kind: Exp, Mean: 50 * time.Millisecond},
		},
	}
}

// play runs sc for guard without the oracle.
func play(t testing.TB, sc *Scenario, guard string) *Result {
	t.Helper()
	require.NoError(t, sc.Validate())
	kind, err := parseGuard(guard)
	require.NoError(t, err)
	r, err := newRun(sc, kind)
	require.NoError(t, err)
	res, err := r.play(context.Background(), 0)
	require.NoError(t, err)
	return res
}
