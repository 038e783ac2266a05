package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/flyball-go/flyball/cmd/flyball/internal/fit"
	"github.com/flyball-go/flyball/cmd/flyball/internal/load"
	"github.com/flyball-go/flyball/cmd/flyball/internal/report"
	"github.com/flyball-go/flyball/simulate"
	"github.com/flyball-go/flyball/simulate/trace"
)

// fitCommand makes a scenario of a load test.
type fitCommand struct {
	Run     string `arg:"" name:"run" help:"Result of a load test, JSON."`
	Service string `enum:"empirical,lognormal,gamma" default:"empirical" help:"Kind of the service times, one of ${enum}."`
	Output  string `short:"o" placeholder:"FILE" help:"Write the scenario to this file."`
	Force   bool   `help:"Write a twin that is not to be believed all the same."`
	Format  string `enum:"table,yaml" default:"table" help:"One of ${enum}; yaml is the scenario."`
}

// Help implements kong.HelpProvider.
func (c *fitCommand) Help() string {
	return `Makes a twin of the target: a scenario for simulate and tune. Service times are those of rates at which no call waits for another; how calls share what the
target can do is what predicts the steps best: so many at a time, all at once on so many processors, or by the universal scalability law. A queue has a
bound if calls were turned away. Every third rate is held out: what the twin says of it is written beside what was measured. A twin that is off by more
than 15 %, and not by chance, is refused, with what to measure, and the command ends with 1. From 90 % of capacity on goodput alone is judged.

Examples:

	flyball fit run.json -o twin.yaml
	flyball fit run.json --service lognormal --format yaml`
}

func (c *fitCommand) target() string   { return "" }
func (c *fitCommand) inputs() []string { return []string{c.Run} }

func (c *fitCommand) run(ctx context.Context, out *output) error {
	target, err := resolveTarget(c.Output, c.inputs())
	if err != nil {
		return err
	}
	twin, source, err := c.fit(ctx, out)
	if errors.Is(err, context.Canceled) {
		return err
	}
	if err != nil {
		return fmt.Errorf("%s: %w", c.Run, cause(err))
	}
	var scenario bytes.Buffer
	twin.Write(&scenario, plain(source))
	if _, err := simulate.Parse("twin", scenario.Bytes()); err != nil {
		return internalError{err}
	}
	doubt := twin.Doubt()
	refused := doubt != "" && !c.Force
	if doubt != "" {
		out.notes = append(out.notes, fmt.Sprintf("%s: %s", c.Run, doubt))
	}
	if refused {
		out.notes = append(out.notes, "no scenario was written; --force takes the twin as it is")
		out.gate = errFailed
	}
	if c.Format == "table" {
		report.Fitted(out, twin, out.look)
	} else if !refused {
		out.Write(scenario.Bytes())
	}
	if target != "" && !refused {
		out.files = append(out.files, file{path: target, data: scenario.Bytes()})
	}
	return nil
}

// fit makes the twin, and says of what.
func (c *fitCommand) fit(ctx context.Context, out *output) (*fit.Twin, string, error) {
	r, err := load.ReadRun(c.Run)
	if errors.Is(err, load.ErrFormat) {
		err = c.otherwise(err)
	}
	if err != nil {
		return nil, "", err
	}
	if r.Partial != "" {
		out.notes = append(out.notes, fmt.Sprintf("%s is not a whole test: %s", c.Run, r.Partial))
	}
	twin, err := fit.Of(ctx, r, simulate.DistributionKind(c.Service))
	return twin, fmt.Sprintf("%s %s, loaded %s", r.Method, r.Target, r.Begun.UTC().Format("2006-01-02 15:04 UTC")), err
}

// otherwise says more of a file that is no result of a load test.
func (c *fitCommand) otherwise(err error) error {
	t, failed := trace.Open(c.Run, trace.Options{})
	switch {
	case failed != nil:
		return err
	case t.Callers > 0:
		return fmt.Errorf("is a %s trace of a closed loop: its %d callers waited for answers and so hid how long others would have waited; a fit would lie. Measure with flyball loadtest", t.Format, t.Callers)
	}
	return fmt.Errorf("is a %s trace, which has no steps to tell waiting from service by. Measure with flyball loadtest; to replay arrivals, flyball simulate has --arrivals", t.Format)
}
