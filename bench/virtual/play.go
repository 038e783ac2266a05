package virtual

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/flyball-go/flyball/simulate"
)

const player = "github.com/flyball-go/flyball/bench/virtual"

// Play plays every game for every peer, each in a bubble of its own, and returns the
// results game by game and peer by peer.
func Play(ctx context.Context, job Job) ([][]*simulate.Result, error) {
	dir, err := os.MkdirTemp("", "flyball-virtual-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	in, out := filepath.Join(dir, "job.json"), filepath.Join(dir, "results.json")
	data, err := json.Marshal(job)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(in, data, 0o600); err != nil {
		return nil, err
	}
	binary, err := build(ctx, dir)
	if err != nil {
		return nil, err
	}
	env := append(os.Environ(), jobFile+"="+in, resultFile+"="+out)
	if err := run(ctx, env, binary, "-test.run", "^TestPlay$", "-test.timeout", "0"); err != nil {
		return nil, err
	}
	if data, err = os.ReadFile(out); err != nil {
		return nil, err
	}
	var results [][]*simulate.Result
	err = json.Unmarshal(data, &results)
	return results, err
}

// build makes the player. The player's own test is one already.
var build = func(ctx context.Context, dir string) (binary string, err error) {
	binary = filepath.Join(dir, "virtual.test")
	return binary, run(ctx, nil, "go", "test", "-c", "-o", binary, player)
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
