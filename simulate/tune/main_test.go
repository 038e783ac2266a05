package tune

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flyball-go/flyball/simulate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// long is whether the tests that take minutes are wanted.
func long() bool { return os.Getenv("FLYBALL_LONG") == "1" }

func scenario(t testing.TB, text string) *simulate.Scenario {
	t.Helper()
	sc, err := simulate.Parse("scenario.yaml", []byte(text))
	require.NoError(t, err)
	return sc
}

func space(t testing.TB, text string) *Space {
	t.Helper()
	s, err := Parse("space.yaml", []byte(text))
	require.NoError(t, err)
	return s
}

func objective(t testing.TB, text string) Objective {
	t.Helper()
	o, err := ParseObjective(text)
	require.NoError(t, err)
	return o
}

// overload is three seconds of more calls than 8 servers can do.
const overload = `{name: overload, duration: 3s, timeout: 400ms, load: {poisson: 240},
	downstream: {servers: 8, service: {lognormal: 40ms, sigma: 0.3}}}`

// quick is a search that takes about a second.
func quick(t testing.TB) *Search {
	return &Search{
		Scenarios: []*simulate.Scenario{scenario(t, overload)}, Candidates: 24,
		Space: space(t, "{version: 1, law: {fixed: {limit: {min: 1, max: 300, scale: log}}}, limiter: {initial: {min: 1, max: 9}, queue: -1}}"),
	}
}

func run(t testing.TB, s *Search) *Found {
	t.Helper()
	f, err := s.Run(context.Background())
	require.NoError(t, err)
	return f
}
