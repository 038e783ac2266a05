package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flyball-go/flyball/cmd/flyball/internal/report"
	"github.com/flyball-go/flyball/simulate"
)

// simulateCommand compares guards on scenarios.
type simulateCommand struct {
	Files    []string `arg:"" name:"file" help:"Scenarios to run, YAML."`
	Law      []string `placeholder:"LAW" help:"Laws under test, such as aimd,vegas:alpha=3. Without it those the scenario names, or ${guards}. No limit and fixed limits always stand beside them."`
	Seed     *uint64  `placeholder:"N" help:"Seed of all randomness, in place of the scenario's."`
	Arrivals string   `placeholder:"FILE[:COLUMN[:UNIT]]" help:"Replay the arrivals of a recorded trace in place of the scenario's load. Of a CSV file, COLUMN holds them, in UNIT (s, ms, us, ns) where that is in doubt."`
	Format   string   `enum:"table,json,csv" default:"table" help:"One of ${enum}."`
	Events   uint64   `placeholder:"N" help:"Most events of a single run; 50 million without it."`
	Series   bool     `help:"With csv: a line for each bin of time instead of one for each run."`
	Chart    string   `placeholder:"LAW" help:"Chart this guard instead of the best law; of several files, chart each."`
	NoChart  bool     `help:"Print the table alone."`
	Output   string   `short:"o" placeholder:"FILE" help:"Write to this file, all or nothing, instead of standard output."`
}

// references stand beside the laws of every comparison.
var references = []string{"none", "fixed:0.5x", "fixed:1x"}

func (c *simulateCommand) target() string { return c.Output }
func (c *simulateCommand) inputs() []string {
	if c.Arrivals == "" {
		return c.Files
	}
	path, _, _ := splitArrivals(c.Arrivals)
	return append(slices.Clone(c.Files), path)
}

// Validate refuses flags that contradict each other; kong calls it.
func (c *simulateCommand) Validate() error {
	switch {
	case c.Series && c.Format != "csv":
		return fmt.Errorf("--series needs --format csv, not %s", c.Format)
	case c.Chart != "" && c.Format != "table":
		return fmt.Errorf("--chart needs --format table, not %s", c.Format)
	case c.Chart != "" && c.NoChart:
		return errors.New("--chart and --no-chart exclude each other")
	case c.Seed != nil && *c.Seed == 0:
		return errors.New("--seed is 0, want 1 or more: 0 in a scenario stands for no seed")
	case slices.Contains(c.Law, ""):
		return errors.New("--law has an empty name, want names with commas between them")
	}
	return nil
}

func (c *simulateCommand) run(ctx context.Context, out *output) error {
	scenarios, err := c.load(out)
	if err != nil {
		return err
	}
	runner := simulate.Runner{Events: c.Events}
	if c.Seed != nil {
		runner.Seeds = []uint64{*c.Seed}
	}
	var reports []*simulate.Report
	for i, sc := range scenarios {
		runner.Guards = c.guards(sc)
		p := watch(out.status, fmt.Sprintf("simulate %s (%d of %d)", sc.Name, i+1, len(scenarios)), len(runner.Guards)+1)
		runner.Ended = func(*simulate.Result) { p.step() }
		r, cost, err := compare(ctx, &runner, sc)
		p.end()
		if err != nil {
			return fmt.Errorf("%s: %w", c.Files[i], err)
		}
		reports = append(reports, r)
		if c.Format == "table" {
			if i > 0 {
				out.WriteString("\n\n")
			}
			c.table(out, r, sc, cost)
		}
	}
	switch c.Format {
	case "json":
		return documents(out, reports)
	case "csv":
		if c.Series {
			return report.SeriesCSV(out, reports)
		}
		return report.CSV(out, reports)
	}
	if len(reports) > 1 {
		out.WriteString("\n\n")
		report.League(out, reports)
	}
	return nil
}

// compare finds the oracle first, which Compare would do as well and all guards
// wait for, so that the time it takes is told apart.
func compare(ctx context.Context, runner *simulate.Runner, sc *simulate.Scenario) (*simulate.Report, report.Cost, error) {
	var cost report.Cost
	seeded := *sc
	if len(runner.Seeds) > 0 {
		seeded.Seed = runner.Seeds[0]
	}
	begun := time.Now()
	if _, err := runner.Run(ctx, &seeded, "oracle"); err != nil {
		return nil, cost, err
	}
	cost.Oracle = time.Since(begun)
	begun = time.Now()
	r, err := runner.Compare(ctx, sc)
	cost.Guards = time.Since(begun)
	return r, cost, err
}

// load reads and checks everything before the first run, so that a typing error
// in the last file is told at once.
func (c *simulateCommand) load(out *output) ([]*simulate.Scenario, error) {
	var scenarios []*simulate.Scenario
	var errs []error
	for _, path := range c.Files {
		sc, err := simulate.Load(path)
		if err != nil {
			errs = append(errs, at(path, err))
			continue
		}
		if guards := c.guards(sc); c.Chart != "" && c.Chart != "oracle" && !slices.Contains(guards, c.Chart) {
			errs = append(errs, fmt.Errorf("--chart %s: not among the guards of %s: %s, oracle", c.Chart, path, strings.Join(guards, ", ")))
		}
		scenarios = append(scenarios, sc)
	}
	errs = append(errs, checkLaws(c.Law))
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if c.Arrivals == "" {
		return scenarios, nil
	}
	notes, err := replay(c.Arrivals, scenarios)
	out.notes = append(out.notes, notes...)
	return scenarios, err
}

// guards are the references and, behind them, what is under test.
func (c *simulateCommand) guards(sc *simulate.Scenario) []string {
	guards := slices.Clone(references)
	for _, g := range underTest(c.Law, sc) {
		if !slices.Contains(guards, g) && g != "oracle" {
			guards = append(guards, g)
		}
	}
	return guards
}

// table writes what a person wants to see of one scenario.
func (c *simulateCommand) table(out *output, r *simulate.Report, sc *simulate.Scenario, cost report.Cost) {
	report.Heading(out, r, sc, out.color)
	report.Table(out, r, out.color)
	cost.Write(out, r)
	chart := c.Chart
	if chart == "" && len(c.Files) == 1 {
		chart = report.Best(r)
	}
	if results := r.Of(chart); len(results) > 0 && !c.NoChart {
		fmt.Fprintf(out, "\n%s", report.Overview(r, results[0], out.color))
	}
}
