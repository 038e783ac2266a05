package virtual

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/bench/peers"
	"github.com/flyball-go/flyball/simulate"
)

// TestPlay is the player, and does nothing unless Play started it.
func TestPlay(t *testing.T) {
	if os.Getenv(jobFile) == "" {
		return
	}
	data, err := os.ReadFile(os.Getenv(jobFile))
	require.NoError(t, err)
	var job Job
	require.NoError(t, json.Unmarshal(data, &job))
	runner := &simulate.Runner{Events: job.Events}
	runner.Recall(job.Oracles)
	results := make([][]*simulate.Result, len(job.Games))
	t.Run("games", func(t *testing.T) {
		for i, game := range job.Games {
			results[i] = make([]*simulate.Result, len(job.Peers))
			t.Run(game.String(), func(t *testing.T) {
				t.Parallel()
				play(t, runner, game, job.Peers, results[i])
			})
		}
	})
	if data, err = json.Marshal(results); err == nil {
		err = os.WriteFile(os.Getenv(resultFile), data, 0o600)
	}
	require.NoError(t, err)
}

func play(t *testing.T, runner *simulate.Runner, game Game, names []string, results []*simulate.Result) {
	sc, err := game.Scenario()
	require.NoError(t, err)
	_, err = runner.Run(t.Context(), sc, "oracle") // outside of a bubble: it is looked up within
	require.NoError(t, err)
	for i, name := range names {
		peer, err := peers.Find(name)
		require.NoError(t, err)
		synctest.Test(t, func(t *testing.T) {
			results[i], err = runner.Try(t.Context(), sc, peer.Candidate())
		})
		require.NoError(t, err)
	}
}

// self is a Player without building one: this test is it.
func self(t *testing.T) *Player {
	binary, err := os.Executable()
	require.NoError(t, err)
	return &Player{t.TempDir(), binary}
}

const tiny = `name: tiny
duration: 20s
load: {poisson: 600}
timeout: 1s
downstream:
  servers: 20
  service: {exp: 50ms}
`

func TestWhatIsPlayedInAnotherProcessIsTheSameGame(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tiny.yaml")
	require.NoError(t, os.WriteFile(file, []byte(tiny), 0o600))
	games := []Game{{File: file, Seed: 7}, {File: file, Seed: 8}}
	results, err := self(t).Play(context.Background(), Job{Games: games, Peers: []string{"failsafe", "vector"}})
	require.NoError(t, err)
	for i, game := range games {
		require.Len(t, results[i], 2)
		want := []*simulate.Result{nil, nil}
		t.Run(game.String(), func(t *testing.T) {
			play(t, new(simulate.Runner), game, []string{"failsafe", "vector"}, want)
		})
		require.Equal(t, want, results[i])
		require.Equal(t, game.Seed, results[i][0].Seed)
		require.NotZero(t, results[i][0].Score)
	}
}

func TestWhatGoesWrongInTheOtherProcessIsTold(t *testing.T) {
	_, err := self(t).Play(context.Background(), Job{Games: []Game{{File: "none.yaml"}}, Peers: []string{"failsafe"}})
	require.ErrorContains(t, err, "none.yaml")
	_, err = self(t).Play(context.Background(), Job{Games: []Game{{Seed: 1}}, Peers: []string{"nobody"}, Events: 50})
	require.ErrorContains(t, err, "over the budget of 50")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = self(t).Play(ctx, Job{})
	require.ErrorIs(t, err, context.Canceled)
}
