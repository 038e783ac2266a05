package tune

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/breaker"
	"github.com/flyball-go/flyball/internal/raced"
	"github.com/flyball-go/flyball/simulate"
)

func TestASearchFindsTheBestFixedLimit(t *testing.T) {
	raced.Spare(t)
	s := quick(t)
	s.InForce = Setting{Limiter: adaptive.Config{Law: "fixed:1", Queue: -1}}
	f := run(t, s)
	require.False(t, f.Keep, f.Why)
	require.Equal(t, f.Winner, f.Answer)
	require.NotEqual(t, "fixed:1", f.Answer.Limiter.Law)
	base := f.Trials[0]
	require.Equal(t, 20, base.Runs)
	require.Greater(t, base.Winner, 0.9)
	require.Greater(t, base.Winner, base.InForce)
	require.Equal(t, base.Runs, base.Held)
	require.Len(t, f.Trials, len(changes))
	require.Len(t, f.Unseen, 20)
	for _, seed := range f.Seeds {
		require.NotContains(t, f.Unseen, seed)
	}
	// A limit that never moves has an envelope of one number.
	require.Equal(t, f.Envelope.MinLimit, f.Envelope.MaxLimit)
	require.NoError(t, f.Envelope.Validate())
	require.Positive(t, f.Envelope.P99)
	require.Positive(t, f.Envelope.Rejected)
	require.Contains(t, []int{8, 11, 16, 23, 32}, f.Scenarios[0].Fixed)
}

func TestWhatIsInForceStaysUnlessItIsSurelyWorse(t *testing.T) {
	raced.Spare(t)
	s := quick(t)
	best := run(t, s).Winner
	s.InForce = best
	f := run(t, s)
	require.True(t, f.Keep, "found %v beside %v: %s", f.Winner, best, f.Why)
	require.Equal(t, best, f.Answer)
	require.NotEmpty(t, f.Why)
}

func TestTheDecisionGuardsAgainstOverfit(t *testing.T) {
	w := &search{Search: &Search{}}
	base := Trial{Change: changes[0], Runs: 20, Winner: 0.9, InForce: 0.5, Held: 20, HeldInForce: 20}
	slower := Trial{Change: changes[1], Runs: 20, Winner: 0.8, InForce: 0.4, Held: 19, HeldInForce: 19}
	for _, c := range []struct {
		change func(base, slower *Trial)
		keep   bool
		why    string
	}{
		{func(_, _ *Trial) {}, false, "the winner reaches 0.900 of the best fixed limit and what is in force 0.500"},
		{func(b, _ *Trial) { b.InForce = 0.895 }, true, "which is not 1 % more"},
		{func(b, _ *Trial) { b.InForce = 0.95 }, true, "the winner reaches 0.900"},
		{func(_, s *Trial) { s.InForce = 0.81 }, true, "on a downstream 20 % slower the winner's worst is 0.800"},
		{func(_, s *Trial) { s.Held = 17 }, true, "keeps the bounds in 17 of 20 runs and what is in force in 19"},
		{func(_, s *Trial) { s.Held, s.HeldInForce = 3, 4 }, false, ""},
	} {
		b, s := base, slower
		c.change(&b, &s)
		keep, why := w.decide([]Trial{b, s}, false)
		assert.Equal(t, c.keep, keep, why)
		assert.Contains(t, why, c.why)
	}
	keep, why := w.decide([]Trial{base, slower}, true)
	require.True(t, keep)
	require.Contains(t, why, "no candidate did better")
}

func TestASearchIsTheSameOnAnyNumberOfProcessors(t *testing.T) {
	texts := map[int]string{}
	for _, n := range []int{1, 2, 5} {
		before := runtime.GOMAXPROCS(n)
		f := run(t, quick(t))
		runtime.GOMAXPROCS(before)
		text, err := json.Marshal(f)
		require.NoError(t, err)
		texts[n] = string(text)
	}
	require.Equal(t, texts[1], texts[2])
	require.Equal(t, texts[1], texts[5])
}

func TestASearchOverASetIsJudgedByItsWorst(t *testing.T) {
	raced.Spare(t)
	s := quick(t)
	// More than one in flight is refused here, and one is far too little there.
	s.Scenarios = append(s.Scenarios, scenario(t, `{name: narrow, duration: 3s, timeout: 400ms, load: {poisson: 60},
		downstream: {servers: 1, service: {const: 20ms}, queue: 0, hard-limit: {in-flight: 1, then: swallow}}}`))
	f := run(t, s)
	alone := run(t, quick(t))
	require.Len(t, f.Scenarios, 2)
	require.NotEqual(t, alone.Winner.Limiter.Law, f.Winner.Limiter.Law)
	worst := f.Scenarios[0].Was.Score
	for _, sc := range f.Scenarios {
		worst = min(worst, sc.Was.Score)
	}
	require.Equal(t, 40, f.Trials[0].Runs)
	require.Equal(t, f.Trials[0].InForce, worst)
}

func TestAKnobThatMattersIsToldFromOneThatDoesNot(t *testing.T) {
	raced.Spare(t)
	s := quick(t)
	s.Candidates = 64
	s.Space = space(t, `{version: 1, law: {fixed: {limit: {min: 1, max: 300, scale: log}}}, limiter: {queue: -1},
		breaker: {min-volume: {min: 900000, max: 1000000}}}`)
	f := run(t, s)
	require.Equal(t, "law.fixed.limit", f.Effects[0].Knob)
	require.Greater(t, f.Effects[0].Share, 0.5)
	require.Greater(t, f.Effects[0].Best-f.Effects[0].Worst, 0.4)
	require.Equal(t, "breaker.min-volume", f.Effects[1].Knob)
	require.Less(t, f.Effects[1].Share, 0.2)
	require.Equal(t, 64, f.Effects[1].Of)
}

func TestTheFrontIsNotDominated(t *testing.T) {
	raced.Spare(t)
	f := run(t, quick(t))
	require.Greater(t, len(f.Front), 2)
	require.LessOrEqual(t, len(f.Front), mostTrades)
	for i, a := range f.Front {
		for _, b := range f.Front[i+1:] {
			require.Less(t, a.P99[0], b.P99[0])
			require.Less(t, a.Values[0], b.Values[0])
		}
	}
}

func TestThinFrontKeepsBothEnds(t *testing.T) {
	w := &search{Search: &Search{}, byKey: map[string]*entry{}, worlds: [][]*world{{{}}}, yard: []yard{{1, cell{Value: 1, P99: 1}}}}
	for i := range 40 {
		e := w.enter(nil, Setting{Limiter: adaptive.Config{Initial: i + 1}})
		e.cells[spot{0, 0, 1}] = cell{Value: float64(i + 1), P99: float64(i + 1)}
	}
	front := w.front()
	require.Len(t, front, mostTrades)
	require.Equal(t, 1.0, front[0].Values[0])
	require.Equal(t, 40.0, front[mostTrades-1].Values[0])
}

func TestASmallSpaceIsSearchedWhole(t *testing.T) {
	raced.Spare(t)
	s := quick(t)
	s.Space = space(t, "{version: 1, law: [knee, vegas], limiter: {queue: {choice: [-1, 8]}}}")
	f := run(t, s)
	require.Equal(t, 4+1, f.Played.Candidates, "and what is in force")
}

func TestPointsThatContradictThemselvesAreCountedAndMadeUpFor(t *testing.T) {
	raced.Spare(t)
	s := quick(t)
	s.Space = space(t, "{version: 1, limiter: {min: {min: 1, max: 100}, max: {min: 1, max: 100}, queue: -1}}")
	f := run(t, s)
	require.Positive(t, f.Played.Void)
	require.Contains(t, f.Played.VoidFor, "above Max")
	require.Greater(t, f.Played.Candidates, s.Candidates)

	s.Space = space(t, "{version: 1, limiter: {initial: {min: 60, max: 90}, max: {min: 10, max: 20}}}")
	_, err := s.Run(context.Background())
	require.ErrorContains(t, err, "no point of the space is valid; the first was not because: adaptive: config: Initial is")
}

func TestASearchSaysAllThatIsWrongWithIt(t *testing.T) {
	bad := scenario(t, overload)
	bad.Duration = -1
	silent := scenario(t, overload)
	silent.Timeout = 0
	s := Search{
		Scenarios: []*simulate.Scenario{bad, silent}, Candidates: -1, Unseen: 5,
		InForce: Setting{Limiter: adaptive.Config{Min: -1}, Breaker: &breaker.Config{Rate: 3}, Timeout: -1},
	}
	_, err := s.Run(context.Background())
	for _, want := range []string{
		"duration", "has no timeout for the bound", "no space to search", "-1 candidates", "5 unseen seeds, must be 20 or more",
		"Min is -1", "Rate is 3", "timeout is -1ns",
	} {
		assert.ErrorContains(t, err, want)
	}
	_, err = new(Search).Run(context.Background())
	require.ErrorContains(t, err, "no scenario")
}

func TestARunThatGoesWrongEndsTheSearch(t *testing.T) {
	s := quick(t)
	s.Events = 10
	_, err := s.Run(context.Background())
	require.ErrorContains(t, err, "overload, with law fixed:1, initial 1, min 1, max 1, queue -1: seed 1: ")
	require.ErrorContains(t, err, "budget of 10")
}

func TestProgressCountsEveryRun(t *testing.T) {
	s := quick(t)
	var all []Progress
	s.Progress = func(p Progress) { all = append(all, p) }
	f := run(t, s)
	last := all[len(all)-1]
	require.Len(t, all, f.Played.Runs)
	require.Equal(t, f.Played.Runs, last.Done)
	require.Equal(t, f.Played.Calls, last.Calls)
	require.GreaterOrEqual(t, last.Total, last.Done)
	require.Less(t, float64(last.Total), 1.3*float64(last.Done), "the plan is near what comes")
	for i := 1; i < len(all); i++ {
		require.Equal(t, all[i-1].Done+1, all[i].Done)
	}
}

func TestASearchStopsWhenItIsTold(t *testing.T) {
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	s := quick(t)
	s.Progress = func(p Progress) {
		if p.Done == 100 {
			cancel(why)
		}
	}
	_, err := s.Run(ctx)
	require.ErrorIs(t, err, why)
}
