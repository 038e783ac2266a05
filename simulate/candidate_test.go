package simulate_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/breaker"
	"github.com/flyball-go/flyball/internal/raced"
	"github.com/flyball-go/flyball/simulate"
)

func outage(t *testing.T) *simulate.Scenario {
	t.Helper()
	sc, err := simulate.Parse("outage", []byte(`{
		name: outage, duration: 40s, timeout: 1s, load: {poisson: 200},
		downstream: {servers: 20, service: {exp: 50ms}},
		faults: [{errors: 1, at: 10s, for: 20s}]}`))
	require.NoError(t, err)
	return sc
}

func TestACandidateWithTheSettingsOfANameRunsAsThatName(t *testing.T) {
	var r simulate.Runner
	wide := adaptive.Config{Min: 1, Max: 100_000, Initial: 6}
	for name, c := range map[string]simulate.Candidate{
		"knee":            {Limiter: wide},
		"coupled":         {Limiter: wide, Breaker: &breaker.Config{}},
		"corelimit/vegas": {Limiter: adaptive.Config{Law: "corelimit/vegas", Min: 1, Max: 100_000, Initial: 6}},
		"vegas+breaker":   {Limiter: adaptive.Config{Law: "vegas", Min: 1, Max: 100_000, Initial: 6}, Breaker: &breaker.Config{}},
	} {
		c.Name = name
		want, err := r.Run(context.Background(), outage(t), name)
		require.NoError(t, err)
		got, err := r.Try(context.Background(), outage(t), c)
		require.NoError(t, err)
		if got.Repeatable {
			require.Equal(t, want, got, name)
		}
	}
}

func TestACandidatesSettingsAreThoseThatRun(t *testing.T) {
	var r simulate.Runner
	quick := &breaker.Config{Open: breaker.Backoff{Base: 100 * time.Millisecond, Factor: 1}}
	slow := &breaker.Config{Open: breaker.Backoff{Base: 30 * time.Second}}
	a, err := r.Try(context.Background(), outage(t), simulate.Candidate{Name: "quick", Breaker: quick})
	require.NoError(t, err)
	b, err := r.Try(context.Background(), outage(t), simulate.Candidate{Name: "slow", Breaker: slow})
	require.NoError(t, err)
	require.Greater(t, a.Served, b.Served+1000)
	c, err := r.Try(context.Background(), outage(t), simulate.Candidate{Name: "small", Limiter: adaptive.Config{Max: 2}})
	require.NoError(t, err)
	require.LessOrEqual(t, c.InFlight.Max, 2.0)
}

func TestAllFaultsOfACandidateAreReported(t *testing.T) {
	sc := outage(t)
	sc.Duration = -1
	_, err := new(simulate.Runner).Try(context.Background(), sc, simulate.Candidate{
		Name: "bad", Limiter: adaptive.Config{Min: 5, Max: 2, Law: "nonsense"}, Breaker: &breaker.Config{Rate: 2},
	})
	for _, part := range []string{"duration", `candidate "bad"`, "Min is 5, above Max 2", "nonsense", "Rate is 2"} {
		require.ErrorContains(t, err, part)
	}
}

func TestACandidateCanBePlayedWithoutTheOracle(t *testing.T) {
	var r simulate.Runner
	c := simulate.Candidate{Name: "own", Limiter: adaptive.Config{Law: "vegas:alpha=3"}, Breaker: &breaker.Config{}}
	want, err := r.Try(context.Background(), outage(t), c)
	require.NoError(t, err)
	got, err := r.Play(context.Background(), outage(t), c)
	require.NoError(t, err)
	require.Zero(t, got.Score)
	require.Zero(t, got.OfBest)
	got.Score, got.OfBest, got.Derived = want.Score, want.OfBest, want.Derived
	require.Equal(t, want, got)
	_, err = r.Play(context.Background(), outage(t), simulate.Candidate{Name: "bad", Limiter: adaptive.Config{Law: "vega"}})
	require.ErrorContains(t, err, `candidate "bad"`)
}

func TestACandidatesLimiterKnowsTheDeadlineOfItsCalls(t *testing.T) {
	raced.Spare(t)
	sc, err := simulate.Parse("overload", []byte(`{
		name: overload, duration: 40s, timeout: 500ms, load: [{poisson: 200, for: 10s}, {poisson: 600}], wait: {queue: 1000},
		downstream: {servers: 20, service: {exp: 50ms}}}`))
	require.NoError(t, err)
	got, err := new(simulate.Runner).Play(context.Background(), sc, simulate.Candidate{Name: "own", Limiter: adaptive.Config{Law: "fixed:20"}})
	require.NoError(t, err)
	require.NotZero(t, got.RejectedFor[adaptive.RejectDeadline.String()])
	named, err := new(simulate.Runner).Run(context.Background(), sc, "fixed:20")
	require.NoError(t, err)
	require.Zero(t, named.RejectedFor[adaptive.RejectDeadline.String()])
	require.Greater(t, got.Goodput, 2*named.Goodput)
}

func TestACandidateKeepsItsHistory(t *testing.T) {
	r := simulate.Runner{History: true}
	c := simulate.Candidate{Name: "own", Breaker: &breaker.Config{}}
	for _, run := range []func(context.Context, *simulate.Scenario, simulate.Candidate) (*simulate.Result, error){r.Play, r.Try} {
		got, err := run(context.Background(), outage(t), c)
		require.NoError(t, err)
		require.NotEmpty(t, got.History.Trips)
	}
}

func TestAGuardOfOnesOwnIsPlayedAsTheNamedOnesAre(t *testing.T) {
	sc, err := simulate.Parse("overload", []byte(`{
		name: overload, duration: 20s, timeout: 1s, load: {poisson: 600}, clients: {count: 2}, wait: {queue: 30, max: 300ms},
		downstream: {servers: 20, service: {exp: 50ms}}}`))
	require.NoError(t, err)
	var r simulate.Runner
	var draws []float64
	own := simulate.Candidate{Name: "fixed:10", Guard: func(s simulate.Setting) (adaptive.Guard, error) {
		draws = append(draws, s.Rand.Float64())
		return adaptive.NewWith(adaptive.Config{Law: "fixed:10", Queue: s.Queue}, adaptive.Parts{Clock: s.Clock})
	}}
	want, err := r.Run(context.Background(), sc, "fixed:10")
	require.NoError(t, err)
	got, err := r.Try(context.Background(), sc, own)
	require.NoError(t, err)
	require.Nil(t, got.Limit, "it is nobody's business what it is")
	got.Limit, got.Series.Limit = want.Limit, want.Series.Limit
	require.Equal(t, want, got)
	require.Len(t, draws, 2)
	require.NotEqual(t, draws[0], draws[1], "each client draws for itself")

	_, err = r.Play(context.Background(), sc, simulate.Candidate{Name: "own", Guard: own.Guard, Breaker: &breaker.Config{}})
	require.ErrorContains(t, err, `candidate "own": has a Guard and a Breaker`)
	own.Guard = func(simulate.Setting) (adaptive.Guard, error) { return nil, errors.New("no guard today") }
	_, err = r.Play(context.Background(), sc, own)
	require.ErrorContains(t, err, "no guard today")
}
