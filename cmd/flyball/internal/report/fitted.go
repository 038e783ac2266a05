package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/guptarohit/asciigraph"

	"github.com/flyball-go/flyball/cmd/flyball/internal/fit"
	"github.com/flyball-go/flyball/simulate"
)

// Fitted writes what a twin is made of and what it is worth.
func Fitted(w io.Writer, t *fit.Twin, look Look) {
	head, color := worthOf(t)
	for _, line := range wrap(head, look.columns()) {
		fmt.Fprintln(w, paint(line, color, look.Color))
	}
	for _, part := range [][][]string{judgedTable(t), modelTable(t), serviceTable(t)} {
		fmt.Fprintln(w)
		for i, line := range align(part) {
			switch {
			case i == 0:
				line = paint(line, asciigraph.Gray, look.Color)
			case strings.HasSuffix(line, "◂"):
				line = paint(line, asciigraph.Green, look.Color)
			}
			fmt.Fprintln(w, line)
		}
	}
	fmt.Fprintln(w)
	for _, remark := range remarksOf(t) {
		for _, line := range wrap(remark, look.columns()) {
			fmt.Fprintln(w, line)
		}
	}
}

// worthOf is the verdict in a line.
func worthOf(t *fit.Twin) (string, asciigraph.AnsiColor) {
	if doubt := t.Doubt(); doubt != "" {
		return "not to be believed: " + doubt, asciigraph.Red
	}
	worst := t.Worst()
	e := worst.Error()
	said := fmt.Sprintf("a twin to believe: at what it was not made of it is off by %.0f %% at most, in %s at %s", 100*e.Off, e.Of, worst.Where)
	if e.Chance {
		said += ", and chance explains that"
	}
	return said, asciigraph.Green
}

func judgedTable(t *fit.Twin) [][]string {
	table := [][]string{{"held out", "goodput", "twin", "p50", "twin", "p99", "twin", "by chance", "off by"}}
	for i := range t.Judged {
		j := &t.Judged[i]
		m, p := &j.Measured, &j.Predicted
		table = append(table, []string{
			j.Where, Count(m.Goodput) + "/s", Count(p.Goodput) + "/s", Duration(m.P50), Duration(p.P50), Duration(m.P99), Duration(p.P99),
			Duration(p.Low.P99) + " to " + Duration(p.High.P99), offOf(j),
		})
	}
	return table
}

func offOf(j *fit.Judgement) string {
	e := j.Error()
	said := fmt.Sprintf("%.0f %% %s", 100*e.Off, e.Of)
	if e.Chance {
		said += ", chance"
	}
	if !j.Below {
		said += " †"
	}
	return said
}

func modelTable(t *fit.Twin) [][]string {
	table := [][]string{{"calls", "at a time", "network", "off by", "QAICc", ""}}
	for _, m := range t.Best() {
		d := &m.Downstream
		name, at := "the others wait", fmt.Sprint(d.Servers[0].Servers)
		switch m.Name {
		case fit.Shared:
			name = "all share"
		case fit.Scaled:
			name, at = "USL, "+law(t.Scaling), "all"
		}
		mark := ""
		if m.Chosen {
			mark = "◂"
		}
		table = append(table, []string{name, at, Duration(d.Network), fmt.Sprintf("%.1f %%", 100*m.Off), criterion(m.QAICc), mark})
	}
	return table
}

func criterion(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return fmt.Sprintf("%.1f", v)
}

// law is a scaling law in a few signs.
func law(s fit.Scaling) string {
	return fmt.Sprintf("σ %.3g, κ %.3g, N* %s", s.Sigma, s.Kappa, bestOf(s))
}

func bestOf(s fit.Scaling) string {
	if n := s.Best(); !math.IsInf(n, 1) {
		return Count(n)
	}
	return "∞"
}

func serviceTable(t *fit.Twin) [][]string {
	table := [][]string{{"service", "mean", "shape", "AIC", "KS", ""}}
	for _, f := range t.Services {
		shape, aic, mark := "–", "–", ""
		switch f.Service.Kind {
		case simulate.Lognormal:
			shape = fmt.Sprintf("σ %.3g", f.Service.Shape)
		case simulate.Gamma:
			shape = fmt.Sprintf("k %.3g", f.Service.Shape)
		}
		if !math.IsNaN(f.AIC) {
			aic = fmt.Sprintf("%.0f", f.AIC)
		}
		if f.Service.Kind == t.Downstream.Service.Kind {
			mark = "◂"
		}
		table = append(table, []string{string(f.Service.Kind), Duration(f.Service.Mean), shape, aic, fmt.Sprintf("%.3f", f.KS), mark})
	}
	return table
}

func remarksOf(t *fit.Twin) []string {
	var remarks []string
	if slices.ContainsFunc(t.Judged, func(j fit.Judgement) bool { return !j.Below }) {
		remarks = append(remarks, "† near capacity and beyond, where goodput alone is judged")
	}
	if slices.ContainsFunc(t.Judged, func(j fit.Judgement) bool { return j.Error().Chance }) {
		remarks = append(remarks, "chance: nineteen of twenty measurements of the twin itself would be as far off")
	}
	remarks = append(remarks, fmt.Sprintf("It can do %s calls/s; the twin was made of %s.", Count(t.Capacity), t.MadeOf))
	if t.Law {
		remarks[len(remarks)-1] += fmt.Sprintf(" By the universal scalability law throughput has σ %.3g and κ %.3g, and is the most with N* = %s calls at a time.", t.Scaling.Sigma, t.Scaling.Kappa, bestOf(t.Scaling))
	}
	for _, f := range t.Failures {
		if t.Traced {
			said := fmt.Sprintf("%s of the calls failed.", percent(f.Share))
			if f.Sheds {
				said += fmt.Sprintf(" They came to a full house, so the twin refuses beyond %d in flight.", t.Sheds)
			}
			remarks = append(remarks, said)
			continue
		}
		said := fmt.Sprintf("%s: from %s calls/s on, most of it at %s, with %s of the calls.", f.Kind, Count(f.From), Count(f.At), percent(f.Share))
		if f.Sheds && t.Sheds > 0 {
			said += fmt.Sprintf(" It comes with load, so the twin refuses beyond %d in flight.", t.Sheds)
		}
		remarks = append(remarks, said)
	}
	if t.Noise > 0.05 {
		remarks = append(remarks, fmt.Sprintf("Noise: p99s of rates at which nobody waits are ±%.0f %% apart beyond chance.", 100*t.Noise))
	}
	return remarks
}
