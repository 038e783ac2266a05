package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/flyball-go/flyball/cmd/flyball/internal/fit"
	"github.com/flyball-go/flyball/cmd/flyball/internal/load"
	"github.com/flyball-go/flyball/simulate"
	"github.com/flyball-go/flyball/simulate/trace"
)

// fitCommand makes a scenario of a load test.
type fitCommand struct {
	Run    string `arg:"" name:"run" help:"Result of a load test, JSON."`
	Output string `short:"o" placeholder:"FILE" help:"Write the scenario to this file."`
	Force  bool   `help:"Write a twin that is off by more than 15 % all the same."`
}

// Help implements kong.HelpProvider.
func (c *fitCommand) Help() string {
	return `Makes a twin of the target: a scenario for simulate and tune. Service times are those that were measured where no call waits for another, servers as many as
keep busy with the most that came back beyond the knee, and a queue has a bound if calls were refused. Every third rate is held out: what the twin
says of it is written beside what was measured. A twin that is off by more than 15 % is refused, with what to measure. From 90 % of capacity on
goodput alone is judged.

Examples:

	flyball fit run.json -o twin.yaml
	flyball fit run.json --force`
}

func (c *fitCommand) target() string   { return c.Output }
func (c *fitCommand) inputs() []string { return []string{c.Run} }

func (c *fitCommand) run(ctx context.Context, out *output) error {
	r, err := load.ReadRun(c.Run)
	if errors.Is(err, load.ErrFormat) {
		err = c.otherwise(err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", c.Run, cause(err))
	}
	twin, err := fit.Of(ctx, r)
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return err
		}
		return fmt.Errorf("%s: %w", c.Run, err)
	}
	if err := c.judge(twin, out); err != nil {
		return err
	}
	if r.Partial != "" {
		out.notes = append(out.notes, fmt.Sprintf("%s is not a whole test: %s", c.Run, r.Partial))
	}
	source := fmt.Sprintf("%s %s, loaded %s", r.Method, r.Target, r.Begun.UTC().Format("2006-01-02 15:04 UTC"))
	twin.Write(out, plain(source))
	if _, err := simulate.Parse("twin", out.Bytes()); err != nil {
		return internalError{err}
	}
	return nil
}

// judge refuses a twin that did not predict what was held out.
func (c *fitCommand) judge(twin *fit.Twin, out *output) error {
	worst := twin.Worst()
	off, of := worst.Error()
	if off <= fit.Tolerance {
		return nil
	}
	what := "measure again on a quieter machine with a longer --min-step and --max-step, so that both steps and service times are known better"
	if !worst.Below {
		what = "measure again with a higher --max-rate: what the target can do changes with how much it is given, or was not reached"
	}
	said := fmt.Sprintf("%s: the twin is off by %.0f %% in %s at %.4g calls/s, more than %.0f %%; %s", c.Run, 100*off, of, worst.Rate, 100*fit.Tolerance, what)
	if c.Force {
		out.notes = append(out.notes, said)
		return nil
	}
	return errors.New(said + ", or take it as it is with --force\n" + strings.Join(twin.Table(), "\n"))
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
