package report

import (
	"fmt"
	"io"
	"time"

	"github.com/guptarohit/asciigraph"

	"github.com/flyball-go/flyball/cmd/flyball/load"
)

// Verified writes what a run made of a prediction, without the knee that an earlier
// run found.
func Verified(w io.Writer, r *load.Run, took time.Duration, look Look) {
	if r.Partial != "" {
		fmt.Fprintf(w, "Not the whole test: %s.\n", r.Partial)
	}
	calls := uint64(0)
	if v := r.Verified; v != nil {
		verified(w, r, look)
		calls = v.Calls()
	}
	tellMade(w, calls, took)
}

// verified writes what was predicted beside what was measured.
func verified(w io.Writer, r *load.Run, look Look) {
	v := r.Verified
	head, color := verdictOf(v)
	switch {
	case len(v.Cells) == 0:
		return
	case r.Partial != "" && len(v.Failed()) == 0:
		head, color = notAll, asciigraph.Red
	}
	fmt.Fprintf(w, "%s\n\n", paint(head, color, look.Color))
	for i, line := range align(cellsTable(v)) {
		if i == 0 {
			line = paint(line, asciigraph.Gray, look.Color)
		}
		fmt.Fprintln(w, line)
	}
	if line := protection(r); line != "" {
		fmt.Fprintf(w, "\n%s\n", line)
	}
}

func verdictOf(v *load.Verified) (string, asciigraph.AnsiColor) {
	failed := v.Failed()
	if len(failed) == 0 {
		return fmt.Sprintf("the prediction holds: goodput and p99 are within %.3g %% of it", 100*v.Tolerance), asciigraph.Green
	}
	worst := failed[0]
	for _, c := range failed {
		if c.Off > worst.Off {
			worst = c
		}
	}
	return fmt.Sprintf("the prediction does not hold: %s at %g times the knee, %s, is off by %.0f %%, more than %.3g %%", worst.Of, worst.Times, clientOf(worst.Guarded), 100*worst.Off, 100*v.Tolerance), asciigraph.Red
}

// protection says what became of twice the knee with a guard, and without.
func protection(r *load.Run) string {
	if r.Verified == nil {
		return ""
	}
	with, without := r.Verified.At(2, true), r.Verified.At(2, false)
	if with == nil || without == nil || r.Knee == nil || r.Knee.Goodput <= 0 || r.Knee.P99 <= 0 {
		return ""
	}
	of := func(s *load.Step) string {
		text := fmt.Sprintf("%.0f %% of the knee's goodput", 100*s.Goodput/r.Knee.Goodput)
		if s.Waited.P99 > 0 {
			text += fmt.Sprintf(" at %.2g times its p99", float64(s.Waited.P99)/float64(r.Knee.P99))
		}
		return text
	}
	return fmt.Sprintf("At twice the knee the limiter keeps %s; a plain client %s, and then the target took %s to come back.", of(&with.Measured), of(&without.Measured), Duration(without.Settled.Round(time.Millisecond)))
}

func clientOf(guarded bool) string {
	if guarded {
		return "limiter"
	}
	return "plain"
}

func holds(c *load.Cell) string {
	switch {
	case !c.Judged:
		return "not judged"
	case c.Within && c.Again:
		return "yes, the second time"
	case c.Within:
		return "yes"
	}
	return fmt.Sprintf("no: %s off by %.0f %%", c.Of, 100*c.Off)
}

const notAll = "not all of the prediction was put to the test"

// cellsTable is a row for each measurement, under a heading.
func cellsTable(v *load.Verified) [][]string {
	table := [][]string{{"knee", "calls/s", "client", "goodput", "predicted", "p50", "predicted", "p99", "predicted", "rejected", "predicted", "failed", "holds"}}
	for _, c := range v.Cells {
		m, p := &c.Measured, c.Predicted
		table = append(table, []string{
			fmt.Sprintf("× %g", c.Times), Count(m.Rate), clientOf(c.Guarded), Count(m.Goodput) + "/s", Count(p.Goodput) + "/s",
			Duration(m.Waited.P50), Duration(p.P50), Duration(m.Waited.P99), Duration(p.P99), percent(m.RejectedShare()), percent(p.Rejected), percent(m.ErrorShare()), holds(&c),
		})
	}
	return table
}
