package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/flyball-go/flyball/simulate"
)

// errFailed says that a gate was run and did not hold. What it has to say is in
// the output.
var errFailed = errors.New("a gate failed")

// checkCommand runs scenarios and judges their assertions.
type checkCommand struct {
	Files  []string `arg:"" name:"file" help:"Scenarios with assertions, YAML."`
	Law    []string `placeholder:"LAW" complete:"guard" help:"Guards to judge, such as aimd,vegas:alpha=3. Without it those the scenario names, or ${guards}. Assertions about others are left out."`
	Seeds  *int     `placeholder:"N" help:"Run so many seeds, the scenario's first. Without it as many as the assertions need."`
	JUnit  string   `name:"junit" placeholder:"FILE" help:"Write a JUnit report to this file too: a test case for each assertion and guard."`
	Format string   `enum:"text,json" default:"text" help:"One of ${enum}."`
	Events uint64   `placeholder:"N" help:"Most events of a single run; 50 million without it."`
}

// Help implements kong.HelpProvider.
func (c *checkCommand) Help() string {
	return `It ends with 0 if every assertion holds, 1 if one does not, and 2 if something is wrong with the arguments or a file. Interrupted, it shows the
scenarios that were done by then and ends with 130.

Examples:

	flyball check examples/scenarios/brownout.yaml
	flyball check examples/scenarios/brownout.yaml --law knee --seeds 20
	flyball check examples/scenarios/brownout.yaml --junit check.xml`
}

func (c *checkCommand) target() string   { return "" }
func (c *checkCommand) inputs() []string { return c.Files }

const maxCheckSeeds = 10_000

// Validate refuses flags that make no sense; kong calls it.
func (c *checkCommand) Validate() error {
	switch {
	case c.Seeds != nil && (*c.Seeds < 1 || *c.Seeds > maxCheckSeeds):
		return fmt.Errorf("--seeds is %d, want 1 to %d", *c.Seeds, maxCheckSeeds)
	case slices.Contains(c.Law, ""):
		return errors.New("--law has an empty name, want names with commas between them")
	}
	return nil
}

// checked is one scenario and what became of its assertions.
type checked struct {
	Version  int                `json:"version"` // of this document: 1
	File     string             `json:"file"`
	Scenario string             `json:"scenario"`
	Hash     string             `json:"hash"`
	Seeds    []uint64           `json:"seeds"`
	Holds    bool               `json:"holds"` // all verdicts do
	Verdicts []simulate.Verdict `json:"verdicts"`
}

func (c *checkCommand) run(ctx context.Context, out *output) error {
	junit, err := out.another(c.JUnit, c)
	if err != nil {
		return err
	}
	scenarios, err := c.load(out)
	if err != nil {
		return err
	}
	runner := simulate.Runner{Events: c.Events}
	var all []checked
	var stopped error
	for i, sc := range scenarios {
		runner.Guards = underTest(c.Law, sc)
		runner.Seeds = sc.Seeds(c.seeds(sc))
		p := watch(out.status, fmt.Sprintf("check %s (%d of %d)", sc.Name, i+1, len(scenarios)), len(runner.Seeds)*(len(runner.Guards)+1))
		runner.Ended = func(*simulate.Result) { p.step() }
		rep, err := runner.Compare(ctx, sc)
		p.end()
		if err != nil {
			stopped = fmt.Errorf("%s: %w", c.Files[i], err)
			if !errors.Is(err, context.Canceled) || i == 0 {
				return stopped
			}
			out.partial = fmt.Sprintf("%d of %d scenarios", i, len(scenarios))
			break
		}
		verdicts, err := simulate.Check(sc, rep)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Files[i], err)
		}
		holds := !slices.ContainsFunc(verdicts, func(v simulate.Verdict) bool { return !v.Holds })
		all = append(all, checked{1, c.Files[i], sc.Name, rep.Hash, rep.Seeds, holds, verdicts})
		if !holds {
			out.gate = errFailed
		}
	}
	if junit != "" {
		data, err := junitReport(all)
		if err != nil {
			return internalError{err}
		}
		out.files = append(out.files, file{path: junit, data: data})
	}
	if c.Format == "json" {
		if err := documents(out, all); err != nil {
			return err
		}
		return stopped
	}
	checkedText(out, all)
	return stopped
}

// load reads and checks everything before the first run.
func (c *checkCommand) load(out *output) ([]*simulate.Scenario, error) {
	var scenarios []*simulate.Scenario
	var files []string // that claim something
	var errs []error
	for _, path := range c.Files {
		sc, err := simulate.Load(path)
		if err != nil {
			errs = append(errs, at(path, err))
			continue
		}
		if len(sc.Assert) > 0 {
			scenarios, files = append(scenarios, sc), append(files, path)
		}
	}
	silent := len(c.Files) - len(files)
	switch {
	case len(errs) > 0:
	case len(files) == 0 && silent == 1:
		errs = append(errs, fmt.Errorf("%s: has no assertions, want some under the key assert, such as p99 <= 300ms", c.Files[0]))
	case len(files) == 0:
		errs = append(errs, fmt.Errorf("none of %d files has assertions, want some under the key assert, such as p99 <= 300ms", silent))
	case silent > 0:
		out.notes = append(out.notes, fmt.Sprintf("left out %d of %d files, which have no assertions", silent, len(c.Files)))
	}
	c.Files = files
	errs = append(errs, checkLaws(c.Law))
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for i, sc := range scenarios {
		errs = append(errs, c.checkNeeds(c.Files[i], sc, out))
	}
	return scenarios, errors.Join(errs...)
}

// checkNeeds finds assertions that the flags leave nothing to judge by.
func (c *checkCommand) checkNeeds(path string, sc *simulate.Scenario, out *output) error {
	var errs []error
	guards := append(underTest(c.Law, sc), "oracle")
	about := 0
	for i, a := range sc.Assert {
		if c.Seeds != nil && a.Seeds() > *c.Seeds {
			errs = append(errs, fmt.Errorf("%s: assert[%d]: %q needs %d seeds, --seeds is %d", path, i, a, a.Seeds(), *c.Seeds))
		}
		names := a.Names()
		if len(names) == 0 || slices.ContainsFunc(names, func(g string) bool { return slices.Contains(guards, g) }) {
			about++
			continue
		}
		out.notes = append(out.notes, fmt.Sprintf("%s: assert[%d]: left out, is about %s", path, i, strings.Join(names, ", ")))
	}
	if about == 0 {
		errs = append(errs, fmt.Errorf("%s: no assertion is about %s", path, strings.Join(c.Law, ", ")))
	}
	return errors.Join(errs...)
}

// seeds is how many seeds to run.
func (c *checkCommand) seeds(sc *simulate.Scenario) int {
	if c.Seeds != nil {
		return *c.Seeds
	}
	most := 1
	for _, a := range sc.Assert {
		most = max(most, a.Seeds())
	}
	return most
}

// checkedText writes a line for each failure, and one that sums up.
func checkedText(out *output, all []checked) {
	failed, total := 0, 0
	for _, c := range all {
		for _, v := range c.Verdicts {
			total++
			if !v.Holds {
				failed++
				fmt.Fprintf(out, "FAIL %s: %s\n", plain(c.Scenario), plain(v.String()))
			}
		}
	}
	word := "all hold"
	if failed > 0 {
		word = fmt.Sprintf("%d failed", failed)
	}
	fmt.Fprintf(out, "%s of %s: %s\n", counted(total, "claim"), counted(len(all), "scenario"), word)
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
