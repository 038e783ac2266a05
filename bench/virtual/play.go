package virtual

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/flyball-go/flyball/simulate"
)

const player = "github.com/flyball-go/flyball/bench/virtual"

// A Player is a process that opens bubbles, ready to be started.
type Player struct{ dir, binary string }

// NewPlayer builds one. Close removes it.
func NewPlayer(ctx context.Context) (*Player, error) {
	dir, err := os.MkdirTemp("", "flyball-virtual-")
	if err != nil {
		return nil, err
	}
	p := &Player{dir, filepath.Join(dir, "virtual.test")}
	if err := run(ctx, nil, "go", "test", "-c", "-o", p.binary, player); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// Close removes what NewPlayer built.
func (p *Player) Close() error { return os.RemoveAll(p.dir) }

// Play plays every game for every peer, each in a bubble of its own, and returns the
// results game by game and peer by peer.
func (p *Player) Play(ctx context.Context, job Job) ([][]*simulate.Result, error) {
	in, out := filepath.Join(p.dir, "job.json"), filepath.Join(p.dir, "results.json")
	data, err := json.Marshal(job)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(in, data, 0o600); err != nil {
		return nil, err
	}
	env := append(os.Environ(), jobFile+"="+in, resultFile+"="+out)
	if err := run(ctx, env, p.binary, "-test.run", "^TestPlay$", "-test.timeout", "0"); err != nil {
		return nil, err
	}
	if data, err = os.ReadFile(out); err != nil {
		return nil, err
	}
	var results [][]*simulate.Result
	err = json.Unmarshal(data, &results)
	return results, err
}

func run(ctx context.Context, env []string, name string, args ...string) error {
	c := exec.CommandContext(ctx, name, args...)
	c.Env = env
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if err := c.Run(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("%s: %w\n%s", c, err, said.Bytes())
	}
	return nil
}
