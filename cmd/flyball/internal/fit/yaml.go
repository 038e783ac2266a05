package fit

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/flyball-go/flyball/simulate"
)

// Write writes the twin as a scenario file, with what it is worth at its head.
// source says what it was made of, in a line.
func (t *Twin) Write(w io.Writer, source string) {
	fmt.Fprintf(w, "# A twin of %s.\n# Made of %s; held out, and predicted:\n#\n", source, t.MadeOf)
	for _, line := range t.table() {
		fmt.Fprintf(w, "#   %s\n", strings.TrimSpace(line))
	}
	if doubt := t.Doubt(); doubt != "" {
		fmt.Fprintf(w, "#\n# Not to be believed: %s.\n", doubt)
	}
	d := t.Downstream
	fmt.Fprintf(w, "#\n# The load is a proposal: say what yours is.\nname: twin\nduration: 60s\nload: {poisson: 1.2x}\ntimeout: %v\n\ndownstream:\n  servers: %d\n", t.Timeout, d.Servers[0].Servers)
	if d.Queue >= 0 {
		fmt.Fprintf(w, "  queue: %d\n", d.Queue)
	}
	if d.HardLimit.InFlight > 0 {
		fmt.Fprintf(w, "  hard-limit: {in-flight: %d, then: %s}\n", d.HardLimit.InFlight, d.HardLimit.Then)
	}
	if d.Order != "" {
		fmt.Fprintf(w, "  order: %s\n", d.Order)
	}
	if d.Network > 0 {
		fmt.Fprintf(w, "  network: %v\n", d.Network)
	}
	if u := d.USL; u != (simulate.USL{}) {
		fmt.Fprintf(w, "  usl: {sigma: %.6g, kappa: %.6g}\n", u.Sigma, u.Kappa)
	}
	writeService(w, &d.Service)
	if t.Errors > 0 {
		fmt.Fprintf(w, "\nfaults:\n  - {errors: %.4g, at: 0s}\n", t.Errors)
	}
}

func writeService(w io.Writer, s *simulate.Distribution) {
	switch s.Kind {
	case simulate.Lognormal:
		fmt.Fprintf(w, "  service: {lognormal: %v, sigma: %.6g}\n", s.Mean, s.Shape)
		return
	case simulate.Gamma:
		fmt.Fprintf(w, "  service: {gamma: %v, shape: %.6g}\n", s.Mean, s.Shape)
		return
	}
	fmt.Fprint(w, "  service:\n    empirical: [")
	for i, v := range s.Values {
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
}

// table is predicted beside measured, a line for each that was held out.
func (t *Twin) table() []string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "held out\tgoodput\tpredicted\tp50\tpredicted\tp99\tpredicted\toff by")
	for i := range t.Judged {
		j := &t.Judged[i]
		e := j.Error()
		off := fmt.Sprintf("%.0f %% (%s)", 100*e.Off, e.Of)
		if e.Chance {
			off = fmt.Sprintf("%.0f %% (%s, chance)", 100*e.Off, e.Of)
		}
		if !j.Below {
			off += ", the rest is not judged"
		}
		m, p := j.Measured, j.Predicted
		fmt.Fprintf(w, "%s\t%.4g/s\t%.4g/s\t%v\t%v\t%v\t%v\t%s\n", j.Where, m.Goodput, p.Goodput, short(m.P50), short(p.P50), short(m.P99), short(p.P99), off)
	}
	w.Flush()
	return slices.Collect(strings.Lines(strings.TrimRight(b.String(), "\n")))
}

// short leaves three digits.
func short(d time.Duration) string {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}
