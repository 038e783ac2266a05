package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/flyball-go/flyball/cmd/flyball/internal/report"
	"github.com/flyball-go/flyball/simulate"
)

// before reads the baseline and sees whether it has something on entries.
func (c *simulateCommand) before(entries []report.Entry) ([]*simulate.Report, error) {
	if c.Baseline == "" {
		return nil, nil
	}
	f, err := os.Open(c.Baseline)
	if err != nil {
		return nil, fmt.Errorf("--baseline: %w", at(c.Baseline, err))
	}
	defer f.Close()
	reports, err := report.Read(f)
	if err != nil {
		return nil, fmt.Errorf("--baseline: %s: %w", c.Baseline, cause(err))
	}
	found := false
	var errs []error
	for _, e := range entries {
		then, err := report.Earlier(reports, e.Scenario.Name, e.Scenario.Hash(), c.seeds(e.Scenario))
		if err != nil {
			errs = append(errs, fmt.Errorf("--baseline: %s: %w", c.Baseline, err))
		}
		found = found || then != nil
	}
	if !found && len(errs) == 0 {
		return nil, fmt.Errorf("--baseline: %s: has nothing to compare with", c.Baseline)
	}
	return reports, errors.Join(errs...)
}

// compare writes what got worse and better since the baseline.
func (c *simulateCommand) compare(out *output, before, after []*simulate.Report) error {
	changes, compared, notes, err := report.Against(before, after)
	if err != nil {
		return fmt.Errorf("--baseline: %s: %w", c.Baseline, err)
	}
	out.notes = append(out.notes, notes...)
	out.WriteString("\n\n")
	if report.Changes(out, c.Baseline, changes, compared, out.look) {
		out.gate = errFailed
	}
	return nil
}
