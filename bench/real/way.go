package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

//go:embed space.yaml
var space []byte

// patient is how many times the p99 at the knee callers wait before they give up: the
// load test calls a p99 too much from the same multiple of the calm one on.
const patient = 3

// bearable is how many times the p99 at the knee may be seen at twice the load: a limiter
// is tuned for what it is judged by.
const bearable = 2

// way is one server's way from its knee to a limiter that holds.
type way struct {
	ctx     context.Context
	out     io.Writer
	command string
	folder  string
	url     string
}

// through starts the server and goes.
func (w *way) through(k *kind) (*found, error) {
	if err := os.MkdirAll(w.folder, 0o777); err != nil {
		return nil, err
	}
	stop, err := w.start(k)
	if err != nil {
		return nil, err
	}
	defer stop()
	f := &found{}
	if k.places == 0 {
		if f.truth, err = w.closedLoop(); err != nil {
			return nil, err
		}
	}
	if _, err := w.account(); err != nil {
		return nil, err
	}
	if _, err := w.flyball(0, append([]string{"loadtest", w.url, "-o", "run.json", "--replace"}, k.load...)...); err != nil {
		return nil, err
	}
	if k.places > 0 {
		a, err := w.account()
		if err != nil {
			return nil, err
		}
		f.truth = float64(k.places) * float64(a.Calls) / a.Busy.Seconds()
	}
	if err := w.read("run.json", f); err != nil {
		return nil, err
	}
	said, err := w.flyball(0, "fit", "run.json", "-o", "twin.yaml", "--force", "--format", "json")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(said, &f.Twin); err != nil {
		return nil, err
	}
	return f, w.hold(f)
}

// hold tunes a limiter for twice the knee, and measures what it does.
func (w *way) hold(f *found) error {
	// The twin proposes a load and callers who wait as long as the load test did; what the
	// limiter is wanted for is twice the capacity, and callers who do not.
	if err := w.edit("twin.yaml", "poisson: 1.2x", "constant: 2x"); err != nil {
		return err
	}
	if err := w.edit("twin.yaml", "timeout: 10s", "timeout: "+f.patience().String()); err != nil {
		return err
	}
	if err := os.WriteFile(w.path("space.yaml"), space, 0o666); err != nil {
		return err
	}
	objective := fmt.Sprintf("max goodput where p99 <= %v", (bearable * f.Knee.P99).Round(time.Millisecond))
	if _, err := w.flyball(0, "tune", "twin.yaml", "--space", "space.yaml", "--objective", objective, "--candidates", "64", "-o", "limiter.yaml", "--replace"); err != nil {
		return err
	}
	// It exits with 1 if the prediction does not hold, and has measured all the same.
	if _, err := w.flyball(1, "loadtest", w.url, "--timeout", f.patience().String(), "--run", "run.json", "--twin", "twin.yaml", "--verify", "limiter.yaml", "--verify-step", "5s", "-o", "verified.json", "--replace"); err != nil {
		return err
	}
	return w.read("verified.json", f)
}

// start starts a process of this program that is the server.
func (w *way) start(k *kind) (stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), serveEnv+"="+k.name)
	c.Stderr = w.out
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	stop = func() {
		in.Close()
		_ = c.Wait()
	}
	host, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return nil, fmt.Errorf("the server: %w", err)
	}
	w.url = "http://" + strings.TrimSpace(host) + "/"
	return stop, nil
}

func (w *way) account() (a account, err error) {
	answer, err := http.Get(w.url + "account")
	if err != nil {
		return a, err
	}
	defer answer.Body.Close()
	return a, json.NewDecoder(answer.Body).Decode(&a)
}

// closedLoop is how many calls a second four callers get that never rest: what the
// server can do, where no arithmetic tells it.
func (w *way) closedLoop() (float64, error) {
	const length, many = 5 * time.Second, 4
	client := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: many}}
	defer client.CloseIdleConnections()
	var calls, failed atomic.Int64
	var callers sync.WaitGroup
	begun := time.Now()
	for range many {
		callers.Go(func() {
			for time.Since(begun) < length {
				answer, err := client.Get(w.url)
				if err != nil {
					failed.Add(1)
					return
				}
				answer.Body.Close()
				calls.Add(1)
			}
		})
	}
	callers.Wait()
	if failed.Load() > 0 {
		return 0, errors.New("the server does not answer")
	}
	return float64(calls.Load()) / time.Since(begun).Seconds(), nil
}

// flyball runs the command, shows what it says and returns that. It may exit with
// up to so much.
func (w *way) flyball(may int, args ...string) ([]byte, error) {
	fmt.Fprintf(w.out, "\n$ flyball %s\n", strings.Join(args, " "))
	var said bytes.Buffer
	c := exec.CommandContext(w.ctx, w.command, args...)
	c.Dir, c.Stdout, c.Stderr = w.folder, io.MultiWriter(w.out, &said), w.out
	// An interrupt of the terminal reaches the command as well, and it says what it has.
	c.Cancel, c.WaitDelay = func() error { return c.Process.Signal(os.Interrupt) }, 10*time.Second
	if err := c.Run(); err != nil && (c.ProcessState == nil || c.ProcessState.ExitCode() < 0 || c.ProcessState.ExitCode() > may) {
		return nil, fmt.Errorf("flyball %s: %w", args[0], err)
	}
	return said.Bytes(), nil
}

func (w *way) path(name string) string { return filepath.Join(w.folder, name) }

func (w *way) read(name string, to any) error {
	data, err := os.ReadFile(w.path(name))
	if err != nil {
		return err
	}
	return json.Unmarshal(data, to)
}

func (w *way) edit(name, from, to string) error {
	data, err := os.ReadFile(w.path(name))
	if err != nil {
		return err
	}
	if !strings.Contains(string(data), from) {
		return fmt.Errorf("%s does not have %q", name, from)
	}
	return os.WriteFile(w.path(name), []byte(strings.Replace(string(data), from, to, 1)), 0o666)
}
