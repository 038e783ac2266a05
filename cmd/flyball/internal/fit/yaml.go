package fit

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Write writes the twin as a scenario file, with what it is worth at its head.
// source says what it was made of, in a line.
func (t *Twin) Write(w io.Writer, source string) {
	fmt.Fprintf(w, "# A twin of %s.\n# Made of the steps at", source)
	for _, r := range t.Trained {
		fmt.Fprintf(w, " %.4g", r)
	}
	fmt.Fprint(w, " calls/s; held out, and predicted:\n#\n")
	for _, line := range t.Table() {
		fmt.Fprintf(w, "#   %s\n", strings.TrimRight(line, " "))
	}
	d := t.Downstream
	fmt.Fprintf(w, "#\n# The load is a proposal: say what yours is.\nname: twin\nduration: 60s\nload: {poisson: 1.2x}\ntimeout: %v\n\ndownstream:\n  servers: %d\n", t.Timeout, d.Servers[0].Servers)
	if d.Queue >= 0 {
		fmt.Fprintf(w, "  queue: %d\n", d.Queue)
	}
	if d.Network > 0 {
		fmt.Fprintf(w, "  network: %v\n", d.Network)
	}
	fmt.Fprint(w, "  service:\n    empirical: [")
	for i, v := range d.Service.Values {
		if i > 0 {
			fmt.Fprint(w, ",")
		}
		if i%10 == 0 {
			fmt.Fprint(w, "\n      ")
		} else {
			fmt.Fprint(w, " ")
		}
		fmt.Fprint(w, v)
	}
	fmt.Fprint(w, "]\n")
	if t.Errors > 0 {
		fmt.Fprintf(w, "\nfaults:\n  - {errors: %.4g, at: 0s}\n", t.Errors)
	}
}

// Table is predicted beside measured, a line for each rate that was held out.
func (t *Twin) Table() []string {
	const row = "%-9s %-12s %-12s %-10s %-10s %-10s %-10s %s"
	lines := []string{fmt.Sprintf(row, "calls/s", "goodput", "predicted", "p50", "predicted", "p99", "predicted", "off by")}
	for i := range t.Judged {
		j := &t.Judged[i]
		e, of := j.Error()
		off := fmt.Sprintf("%.0f %% (%s)", 100*e, of)
		if !j.Below {
			off = fmt.Sprintf("%.0f %% (%s alone counts, near capacity and beyond)", 100*e, of)
		}
		m, p := j.Measured, j.Predicted
		lines = append(lines, fmt.Sprintf(row, fmt.Sprintf("%.4g", j.Rate), fmt.Sprintf("%.4g/s", m.Goodput), fmt.Sprintf("%.4g/s", p.Goodput), short(m.P50), short(p.P50), short(m.P99), short(p.P99), off))
	}
	return lines
}

// short leaves three digits.
func short(d time.Duration) string {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}
