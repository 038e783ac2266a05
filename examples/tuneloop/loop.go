package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/flyball-go/flyball/simulate"
)

//go:embed space.yaml
var space []byte

// patience of the callers, in all that follows.
const patience = "1s"

// loop is one way round.
type loop struct {
	ctx    context.Context
	out    io.Writer
	folder string
	url    string
	pace   pace
}

// around makes the command and runs it as a person would.
func (l *loop) around() (*found, error) {
	if err := l.build(); err != nil {
		return nil, err
	}
	twin, err := l.measure()
	if err != nil {
		return nil, err
	}
	f := &found{twin: twin}
	if err := l.read("run.json", f); err != nil {
		return nil, err
	}
	// The twin proposes a load; what the limiter is wanted for is twice the capacity.
	if err := l.edit("twin.yaml", "poisson: 1.2x", "constant: 2x"); err != nil {
		return nil, err
	}
	if err := os.WriteFile(l.path("space.yaml"), space, 0o666); err != nil {
		return nil, err
	}
	objective := fmt.Sprintf("max goodput where p99 <= %v", (3 * f.Knee.P99 / 2).Round(time.Millisecond))
	if err := l.flyball("tune", "twin.yaml", "--space", "space.yaml", "--objective", objective, "--candidates", fmt.Sprint(l.pace.candidates), "-o", "limiter.yaml"); err != nil {
		return nil, err
	}
	err = l.flyball("loadtest", l.url, "--timeout", patience, "--run", "run.json", "--twin", "twin.yaml", "--verify", "limiter.yaml", "--verify-step", l.pace.verify.String(), "-o", "verified.json")
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		return nil, err
	}
	f.held = err == nil
	return f, l.read("verified.json", f)
}

// measure loads the server and makes its twin, a second time if the first does not
// predict well enough: machines pause. If that does not either, it is taken as it
// is, for verify to judge.
func (l *loop) measure() (*simulate.Scenario, error) {
	for _, fit := range [][]string{{"fit", "run.json", "-o", "twin.yaml"}, {"fit", "run.json", "-o", "twin.yaml", "--force"}} {
		load := append([]string{"loadtest", l.url, "--timeout", patience, "-o", "run.json", "--replace"}, l.pace.load...)
		if err := l.flyball(load...); err != nil {
			return nil, err
		}
		if err := l.flyball(fit...); err == nil {
			break
		}
	}
	return simulate.Load(l.path("twin.yaml"))
}

// build makes the command of this repository.
func (l *loop) build() error {
	c := exec.CommandContext(l.ctx, "go", "build", "-o", l.path("flyball"), "github.com/flyball-go/flyball/cmd/flyball")
	c.Stderr = l.out
	return c.Run()
}

// flyball runs the command and shows what it says.
func (l *loop) flyball(args ...string) error {
	fmt.Fprintf(l.out, "\n$ flyball %s\n", strings.Join(args, " "))
	c := exec.CommandContext(l.ctx, l.path("flyball"), args...)
	c.Dir, c.Stdout, c.Stderr = l.folder, l.out, l.out
	// An interrupt of the terminal reaches the command as well, and it says what it has.
	c.Cancel, c.WaitDelay = func() error { return c.Process.Signal(os.Interrupt) }, 10*time.Second
	if err := c.Run(); err != nil {
		return fmt.Errorf("flyball %s: %w", args[0], err)
	}
	return nil
}

func (l *loop) path(name string) string { return filepath.Join(l.folder, name) }

func (l *loop) read(name string, to any) error {
	data, err := os.ReadFile(l.path(name))
	if err != nil {
		return err
	}
	return json.Unmarshal(data, to)
}

func (l *loop) edit(name, from, to string) error {
	data, err := os.ReadFile(l.path(name))
	if err != nil {
		return err
	}
	if !strings.Contains(string(data), from) {
		return fmt.Errorf("%s does not have %q", name, from)
	}
	return os.WriteFile(l.path(name), []byte(strings.Replace(string(data), from, to, 1)), 0o666)
}
