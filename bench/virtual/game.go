package virtual

import (
	"fmt"

	"github.com/flyball-go/flyball/internal/drawn"
	"github.com/flyball-go/flyball/simulate"
)

// A Game is a scenario with a seed, named so that another process plays the same one.
type Game struct {
	File  string // of the scenario; "" means a random one
	Seed  uint64
	Index int // of a random one
}

// Scenario reads or draws the scenario.
func (g Game) Scenario() (*simulate.Scenario, error) {
	if g.File == "" {
		return drawn.Scenario(g.Seed, g.Index), nil
	}
	sc, err := simulate.Load(g.File)
	if err != nil {
		return nil, err
	}
	c := *sc
	c.Seed = g.Seed
	return &c, nil
}

// A Job is what is to be played, and what it is judged by.
type Job struct {
	Games   []Game
	Peers   []string
	Events  uint64                    // budget of one run
	Oracles map[string]simulate.Found // of the games, by the hash of their scenarios
}

// parts are the environment variables that name the files of a player.
const (
	jobFile    = "FLYBALL_JOB"
	resultFile = "FLYBALL_RESULTS"
)

func (g Game) String() string {
	if g.File == "" {
		return fmt.Sprintf("random %d of seed %d", g.Index, g.Seed)
	}
	return fmt.Sprintf("%s with seed %d", g.File, g.Seed)
}
