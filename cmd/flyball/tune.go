package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/flyball-go/flyball/cmd/flyball/internal/report"
	"github.com/flyball-go/flyball/simulate"
	"github.com/flyball-go/flyball/simulate/tune"
)

// tuneCommand searches for a configuration.
type tuneCommand struct {
	Files      []string `arg:"" name:"file" help:"Scenarios that the configuration is for, YAML. The worst of them counts."`
	Space      string   `required:"" placeholder:"FILE" help:"What may be tuned and within which bounds, YAML."`
	Objective  string   `placeholder:"TEXT" default:"${objective}" help:"What is wanted."`
	InForce    string   `placeholder:"FILE" help:"The configuration that a winner must beat. Without it the default."`
	Output     string   `short:"o" placeholder:"FILE" help:"Write the configuration to this file."`
	Replace    bool     `help:"Replace the file of -o if it is there."`
	Journal    string   `placeholder:"FILE" help:"Keep what was played in this file, to go on from if interrupted. Without it the file of -o with .journal behind it, which goes when all is done."`
	Candidates int      `placeholder:"N" default:"512" help:"Settings to screen."`
	Unseen     int      `placeholder:"N" default:"20" help:"Seeds that the winner must prove itself on, at least 20."`
	Seed       uint64   `placeholder:"N" default:"1" help:"Seed of the search."`
	Events     uint64   `placeholder:"N" help:"Most events of a single run; 50 million without it."`
	Format     string   `enum:"table,json" default:"table" help:"One of ${enum}."`
}

// Help implements kong.HelpProvider.
func (c *tuneCommand) Help() string {
	return `Many candidates are played on few seeds, few on many, all of them meeting the same calls; then the best must beat what is in force in the worst of
seeds that the search never saw, and on a downstream 20 % slower, faster, smaller and larger. If it does not, the answer is to keep what is in force.
Interrupted, the journal keeps what was played; the same command goes on from there and comes to the same answer.

Examples:

	flyball tune examples/scenarios/brownout.yaml --space examples/tune/space.yaml
	flyball tune a.yaml b.yaml --space space.yaml --objective 'min p99 where rejected <= 10%' -o new.yaml
	flyball tune peak.yaml --space space.yaml --in-force limiter.yaml -o tuned.yaml`
}

func (c *tuneCommand) target() string { return "" }
func (c *tuneCommand) inputs() []string {
	in := append(slices.Clone(c.Files), c.Space)
	if c.InForce != "" {
		in = append(in, c.InForce)
	}
	return in
}

// Validate refuses flags that make no sense; kong calls it.
func (c *tuneCommand) Validate() error {
	switch {
	case c.Seed == 0:
		return errors.New("--seed is 0, want 1 or more")
	case c.Candidates < 1:
		return fmt.Errorf("--candidates is %d, want 1 or more", c.Candidates)
	case c.Unseen < 20:
		return fmt.Errorf("--unseen is %d, want 20 or more", c.Unseen)
	case c.Replace && c.Output == "":
		return errors.New("--replace needs -o")
	}
	return nil
}

func (c *tuneCommand) run(ctx context.Context, out *output) error {
	target, err := freshFile(c.Output, c.Replace, c.inputs())
	if err != nil {
		return err
	}
	search, err := c.load()
	if err != nil {
		return err
	}
	path, temporary := c.Journal, false
	if path == "" && target != "" {
		path, temporary = target+".journal", true
	}
	if path != "" {
		if search.Journal, err = tune.OpenJournal(path, search.Plan()); err != nil {
			return at("journal "+path, err)
		}
		if n := search.Journal.Runs(); n > 0 {
			out.notes = append(out.notes, fmt.Sprintf("goes on from the %s in %s", counted(n, "run"), path))
		}
	}
	begun := time.Now()
	found, err := c.search(ctx, search, out)
	if closed := search.Journal.Close(); err == nil && closed != nil {
		err = at("journal "+path, closed)
	}
	if err != nil {
		if errors.Is(err, context.Canceled) && path != "" {
			out.notes = append(out.notes, fmt.Sprintf("%s kept in %s; the same command goes on from there", counted(search.Journal.Runs(), "run"), path))
		}
		return err
	}
	if target != "" {
		data, err := found.File().YAML()
		if err != nil {
			return internalError{err}
		}
		out.files = append(out.files, file{path: target, data: data})
	}
	if temporary {
		out.after = func() { os.Remove(path) }
	}
	if c.Format == "json" {
		return documents(out, []*tune.Found{found})
	}
	report.Tuned(out, found, time.Since(begun), out.look)
	return nil
}

// load reads and checks everything before the first run.
func (c *tuneCommand) load() (*tune.Search, error) {
	s := &tune.Search{Seed: c.Seed, Candidates: c.Candidates, Unseen: c.Unseen, Events: c.Events, Flyball: version()}
	var errs []error
	for _, path := range c.Files {
		sc, err := simulate.Load(path)
		if err != nil {
			errs = append(errs, at(path, err))
			continue
		}
		s.Scenarios = append(s.Scenarios, sc)
	}
	var err error
	if s.Space, err = tune.Load(c.Space); err != nil {
		errs = append(errs, at(c.Space, err))
	}
	if s.Objective, err = tune.ParseObjective(c.Objective); err != nil {
		errs = append(errs, fmt.Errorf("--%w", err))
	}
	if c.InForce != "" {
		if s.InForce, err = tune.LoadSetting(c.InForce); err != nil {
			errs = append(errs, at(c.InForce, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, s.Validate()
}

// search runs with a bar for who is looking.
func (c *tuneCommand) search(ctx context.Context, s *tune.Search, out *output) (*tune.Found, error) {
	var p *progress
	s.Progress = func(now tune.Progress) {
		if p == nil {
			p = watch(out.status, "tune", now.Total)
		}
		p.expect(now.Total)
		p.step()
	}
	found, err := s.Run(ctx)
	if p != nil {
		p.end()
	}
	return found, err
}
