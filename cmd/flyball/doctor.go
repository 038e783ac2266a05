package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/flyball-go/flyball/simulate/doctor"
)

// doctorCommand examines a configuration.
type doctorCommand struct {
	Config      string `arg:"" name:"config" help:"Configuration of a limiter and its breaker, YAML or JSON, with a section environment unless there is a file for it."`
	Environment string `placeholder:"FILE" help:"File with the section environment: what traffic, capacity, latency and deadline are where the configuration is used."`
	Format      string `enum:"text,json" default:"text" help:"One of ${enum}."`
}

// Help implements kong.HelpProvider.
func (c *doctorCommand) Help() string {
	return `Does the arithmetic of a configuration and plays the outages that it claims to handle. Ends with 1, and says why with the numbers, if a rule can never
fire, if a state is not left though the downstream is well, if values contradict each other, or if the breaker goes on and off.
A file has an environment like this:

	environment: {traffic: 40, replicas: 10, capacity: 64, latency: 50ms, deadline: 1s, pool: 32}

Examples:

	flyball doctor limiter.yaml
	flyball doctor limiter.yaml --environment production.yaml`
}

func (c *doctorCommand) target() string { return "" }
func (c *doctorCommand) inputs() []string {
	if c.Environment == "" {
		return []string{c.Config}
	}
	return []string{c.Config, c.Environment}
}

// examined is a report and the file that it is about.
type examined struct {
	File string `json:"file"`
	*doctor.Report
}

func (c *doctorCommand) run(ctx context.Context, out *output) error {
	chart, err := doctor.Load(c.Config, c.Environment)
	if err != nil {
		var missing *fs.PathError
		if errors.As(err, &missing) {
			return at(missing.Path, err)
		}
		return err
	}
	r, err := doctor.Examine(ctx, chart)
	if err != nil {
		return err
	}
	if !r.Healthy {
		out.gate = errFailed
	}
	if c.Format == "json" {
		return documents(out, []examined{{c.Config, r}})
	}
	for _, o := range r.Outages {
		fmt.Fprintf(out, "played %s\n", plain(o.String()))
	}
	faults := 0
	for _, f := range r.Findings {
		word := "note  "
		if f.Fault() {
			word = "FAIL  "
			faults++
		}
		fmt.Fprintf(out, "%s %s\n", word, plain(f.String()))
	}
	if r.Healthy {
		fmt.Fprintf(out, "%s: healthy\n", plain(c.Config))
		return nil
	}
	fmt.Fprintf(out, "%s: %s\n", plain(c.Config), counted(faults, "fault"))
	return nil
}
