package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/flyball-go/flyball/cmd/flyball/internal/report"
	"github.com/flyball-go/flyball/simulate"
)

// simulateCommand compares guards on scenarios.
type simulateCommand struct {
	Files    []string `arg:"" name:"file" help:"Scenarios to run, YAML."`
	Law      []string `placeholder:"LAW" complete:"guard" help:"Laws under test, such as aimd,vegas:alpha=3. Without it those the scenario names, or ${guards}. No limit and fixed limits always stand beside them."`
	Repeat   int      `placeholder:"K" default:"1" help:"Run K seeds in a row, for means with their confidence and the worst case."`
	Seed     *uint64  `placeholder:"N" help:"Seed of all randomness, in place of the scenario's; the first one with --repeat."`
	Arrivals string   `placeholder:"FILE[:COLUMN[:UNIT]]" help:"Replay the arrivals of a recorded trace in place of the scenario's load. Of a CSV file, COLUMN holds them, in UNIT (s, ms, us, ns) where that is in doubt."`
	Baseline string   `placeholder:"FILE" help:"Compare with an earlier result (--format json) of the same scenarios, seed by seed, and end with 1 if a guard's score, goodput or p99 got worse."`
	HTML     string   `name:"html" placeholder:"FILE" help:"Write a page with charts to this file too: self-contained, nothing is fetched."`
	Metric   string   `placeholder:"NAME" default:"score" complete:"metric" help:"What the table over several scenarios shows, such as goodput, p99 or limit.mean."`
	Format   string   `enum:"table,json,csv" default:"table" help:"One of ${enum}."`
	Events   uint64   `placeholder:"N" help:"Most events of a single run; 50 million without it."`
	Series   bool     `help:"With csv: a line for each bin of time instead of one for each run."`
	Chart    string   `placeholder:"LAW" complete:"guard" help:"Chart this guard instead of the best law; of several files, show the table and chart of each."`
	NoChart  bool     `help:"Print the table alone."`
	Output   string   `short:"o" placeholder:"FILE" help:"Write to this file, all or nothing, instead of standard output."`
}

// Help implements kong.HelpProvider.
func (c *simulateCommand) Help() string {
	return `Every guard meets the same calls. A table says how each did against an oracle that knows the right limit of each instant in hindsight; of several
scenarios there is one table, a row for each. Interrupted, it shows the scenarios that were done by then; files keep what they had, and what is done
goes beside them, as NAME.partial.EXT.

Examples:

	flyball simulate examples/scenarios/brownout.yaml
	flyball simulate examples/scenarios/brownout.yaml --law knee,vegas:alpha=2 --repeat 20
	flyball simulate examples/scenarios/brownout.yaml --html brownout.html
	flyball simulate examples/scenarios/fleet.yaml examples/scenarios/slow.yaml --metric p99
	flyball simulate examples/scenarios/brownout.yaml --repeat 5 --format json -o before.json
	flyball simulate examples/scenarios/brownout.yaml --repeat 5 --baseline before.json`
}

// references stand beside the laws of every comparison.
var references = []string{"none", "fixed:0.5x", "fixed:1x"}

func (c *simulateCommand) target() string { return c.Output }
func (c *simulateCommand) inputs() []string {
	in := slices.Clone(c.Files)
	if c.Baseline != "" {
		in = append(in, c.Baseline)
	}
	if c.Arrivals != "" {
		path, _, _ := splitArrivals(c.Arrivals)
		in = append(in, path)
	}
	return in
}

const maxRepeat = 10_000

// Validate refuses flags that contradict each other; kong calls it.
func (c *simulateCommand) Validate() error {
	switch {
	case c.Series && c.Format != "csv":
		return fmt.Errorf("--series needs --format csv, not %s", c.Format)
	case c.Chart != "" && c.Format != "table":
		return fmt.Errorf("--chart needs --format table, not %s", c.Format)
	case c.Baseline != "" && c.Format != "table":
		return fmt.Errorf("--baseline needs --format table, not %s", c.Format)
	case c.Chart != "" && c.NoChart:
		return errors.New("--chart and --no-chart exclude each other")
	case c.Seed != nil && *c.Seed == 0:
		return errors.New("--seed is 0, want 1 or more: 0 in a scenario stands for no seed")
	case c.Repeat < 1 || c.Repeat > maxRepeat:
		return fmt.Errorf("--repeat is %d, want 1 to %d", c.Repeat, maxRepeat)
	case !slices.Contains(simulate.MetricNames(), c.Metric):
		return fmt.Errorf("--metric is %q, want one of %s", c.Metric, strings.Join(simulate.MetricNames(), ", "))
	case slices.Contains(c.Law, ""):
		return errors.New("--law has an empty name, want names with commas between them")
	}
	return nil
}

func (c *simulateCommand) run(ctx context.Context, out *output) error {
	page, err := out.another(c.HTML, c)
	if err != nil {
		return err
	}
	entries, err := c.load(out)
	if err != nil {
		return err
	}
	before, err := c.before(entries)
	if err != nil {
		return err
	}
	cost, stopped := c.play(ctx, out, entries)
	if stopped != nil {
		done := slices.IndexFunc(entries, func(e report.Entry) bool { return e.Report == nil })
		if !errors.Is(stopped, context.Canceled) || done == 0 {
			return stopped
		}
		out.partial = fmt.Sprintf("%d of %d scenarios", done, len(entries))
		entries = entries[:done]
	}
	var reports []*simulate.Report
	for _, e := range entries {
		reports = append(reports, e.Report)
	}
	if err := c.show(out, entries, reports, cost); err != nil {
		return err
	}
	if c.Baseline != "" {
		if err := c.compare(out, before, reports); err != nil {
			return err
		}
	}
	if page != "" {
		p := report.Page{Version: version(), Command: out.command, Entries: entries}
		if out.partial != "" {
			p.Partial = "Interrupted: " + out.partial + "."
		}
		var b bytes.Buffer
		if err := p.Write(&b); err != nil {
			return internalError{err}
		}
		out.files = append(out.files, file{path: page, data: b.Bytes()})
	}
	return stopped
}

// show writes what was asked for in the format that was asked for.
func (c *simulateCommand) show(out *output, entries []report.Entry, reports []*simulate.Report, cost report.Cost) error {
	switch {
	case c.Format == "json":
		return documents(out, reports)
	case c.Format == "csv" && c.Series:
		return report.SeriesCSV(out, reports)
	case c.Format == "csv":
		return report.CSV(out, reports)
	}
	several := len(c.Files) > 1
	if !several || c.Chart != "" {
		for i, e := range entries {
			if i > 0 {
				out.WriteString("\n\n")
			}
			c.table(out, e, cost)
		}
	}
	if several {
		if c.Chart != "" {
			out.WriteString("\n\n")
		}
		report.Matrix(out, reports, c.Metric, out.look)
		cost.Write(out, out.look, reports...)
	}
	return nil
}

// table writes what a person wants to see of one scenario.
func (c *simulateCommand) table(out *output, e report.Entry, cost report.Cost) {
	r := e.Report
	report.Heading(out, r, e.Scenario, out.look)
	report.Table(out, r, out.look)
	if len(c.Files) == 1 {
		cost.Write(out, out.look, r)
	}
	chart := c.Chart
	if chart == "" {
		chart = report.Best(r)
	}
	if results := r.Of(chart); len(results) > 0 && !c.NoChart {
		fmt.Fprintf(out, "\n%s", report.Overview(r, results[0], out.look.Color))
	}
}

// play fills in the reports, one scenario after the other, until one goes wrong.
// It finds the oracles first, which all guards wait for, so that the time they
// take is told apart.
func (c *simulateCommand) play(ctx context.Context, out *output, entries []report.Entry) (cost report.Cost, err error) {
	runner := simulate.Runner{Events: c.Events, History: c.HTML != ""}
	for i := range entries {
		sc := entries[i].Scenario
		runner.Guards, runner.Seeds = c.guards(sc), c.seeds(sc)
		p := watch(out.status, fmt.Sprintf("simulate %s (%d of %d)", sc.Name, i+1, len(entries)), len(runner.Seeds)*(len(runner.Guards)+2))
		runner.Ended = func(*simulate.Result) { p.step() }
		begun := time.Now()
		for _, seed := range runner.Seeds {
			seeded := *sc
			seeded.Seed = seed
			if _, err = runner.Run(ctx, &seeded, "oracle"); err != nil {
				break
			}
			p.step()
		}
		cost.Oracle += time.Since(begun)
		begun = time.Now()
		if err == nil {
			entries[i].Report, err = runner.Compare(ctx, sc)
		}
		cost.Guards += time.Since(begun)
		p.end()
		if err != nil {
			return cost, fmt.Errorf("%s: %w", c.Files[i], err)
		}
	}
	return cost, nil
}

// seeds are those to run.
func (c *simulateCommand) seeds(sc *simulate.Scenario) []uint64 {
	first := *sc
	if c.Seed != nil {
		first.Seed = *c.Seed
	}
	return first.Seeds(c.Repeat)
}

// load reads and checks everything before the first run, so that a typing error
// in the last file is told at once.
func (c *simulateCommand) load(out *output) ([]report.Entry, error) {
	var entries []report.Entry
	var scenarios []*simulate.Scenario
	var errs []error
	for _, path := range c.Files {
		sc, err := simulate.Load(path)
		if err != nil {
			errs = append(errs, at(path, err))
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			errs = append(errs, at(path, err))
			continue
		}
		if guards := c.guards(sc); c.Chart != "" && c.Chart != "oracle" && !slices.Contains(guards, c.Chart) {
			errs = append(errs, fmt.Errorf("--chart %s: not among the guards of %s: %s, oracle", c.Chart, path, strings.Join(guards, ", ")))
		}
		scenarios = append(scenarios, sc)
		entries = append(entries, report.Entry{File: path, Text: string(text), Scenario: sc})
	}
	errs = append(errs, checkLaws(c.Law))
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if c.Arrivals == "" {
		return entries, nil
	}
	notes, err := replay(c.Arrivals, scenarios)
	out.notes = append(out.notes, notes...)
	return entries, err
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
