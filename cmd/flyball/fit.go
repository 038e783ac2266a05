package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/flyball-go/flyball/cmd/flyball/internal/fit"
	"github.com/flyball-go/flyball/cmd/flyball/internal/report"
	"github.com/flyball-go/flyball/cmd/flyball/load"
	"github.com/flyball-go/flyball/simulate"
	"github.com/flyball-go/flyball/simulate/trace"
)

// fitCommand makes a scenario of a load test or a trace.
type fitCommand struct {
	Run     string `arg:"" name:"run" help:"Result of a load test, JSON, or a recorded trace."`
	Service string `enum:"empirical,lognormal,gamma" default:"empirical" help:"Kind of the service times, one of ${enum}."`
	Output  string `short:"o" placeholder:"FILE" help:"Write the scenario to this file."`
	Force   bool   `help:"Write a twin that is not to be believed all the same."`
	Format  string `enum:"table,json,yaml" default:"table" help:"One of ${enum}; yaml is the scenario."`
}

// Help implements kong.HelpProvider.
func (c *fitCommand) Help() string {
	return `Makes a twin of the target: a scenario for simulate and tune. Service times are those of rates at which no call waits for another; how calls share what the
target can do is what predicts the steps best: so many at a time, all at once on so many processors, or by the universal scalability law. A queue has a
bound if calls were turned away. Every third rate is held out: what the twin says of it is written beside what was measured. A twin that is off by more
than 15 %, and not by chance, is refused, with what to measure, and the command ends with 1. From 90 % of capacity on goodput alone is judged.
A trace (CSV, vegeta, k6, JMeter) has to have arrivals and latencies, of callers that did not wait for answers. From it follows who waited for whom, and
so how many servers there are; three of ten stretches are held out.

Examples:

	flyball fit run.json -o twin.yaml
	flyball fit run.json --service lognormal --format yaml
	flyball fit access.csv -o twin.yaml`
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
	switch {
	case c.Format == "json":
		if err := documents(out, []fitted{{source, twin.Model, twin.Capacity, twin.Sheds, doubt, twin.Judged}}); err != nil {
			return err
		}
	case c.Format == "table":
		report.Fitted(out, twin, out.look)
	case !refused:
		out.Write(scenario.Bytes())
	}
	if target != "" && !refused {
		out.files = append(out.files, file{path: target, data: scenario.Bytes()})
	}
	return nil
}

// fitted is what a twin is worth, with durations in nanoseconds.
type fitted struct {
	Source   string          `json:"source"`
	Model    string          `json:"model"`
	Capacity float64         `json:"capacity"`        // calls a second
	Sheds    int             `json:"sheds,omitempty"` // calls in flight beyond which others are refused
	Doubt    string          `json:"doubt,omitempty"` // why it is not to be believed
	Judged   []fit.Judgement `json:"judged"`          // what was held out, by rising rate
}

// fit makes the twin, and says of what.
func (c *fitCommand) fit(ctx context.Context, out *output) (*fit.Twin, string, error) {
	r, err := load.ReadRun(c.Run)
	if errors.Is(err, load.ErrFormat) {
		return c.traced(ctx, err)
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

// traced makes the twin of a recorded trace, if the file is one.
func (c *fitCommand) traced(ctx context.Context, unlike error) (*fit.Twin, string, error) {
	t, err := trace.Open(c.Run, trace.Options{})
	if err != nil {
		return nil, "", fmt.Errorf("%w, nor a trace: %s", unlike, strings.TrimPrefix(err.Error(), c.Run+": "))
	}
	twin, err := fit.OfTrace(ctx, t, simulate.DistributionKind(c.Service))
	source := fmt.Sprintf("a %s trace of %d calls", t.Format, len(t.Records))
	if !t.Start.IsZero() {
		source += t.Start.Format(", recorded 2006-01-02 15:04 UTC")
	}
	return twin, source, err
}
