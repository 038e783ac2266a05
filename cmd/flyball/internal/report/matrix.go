package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/guptarohit/asciigraph"

	"github.com/flyball-go/flyball/simulate"
)

// better is which way a metric improves: 1 upwards, −1 downwards, 0 neither.
func better(metric string) int {
	switch metric {
	case "score", "goodput", "fairness":
		return 1
	case "offered":
		return 0
	}
	if strings.HasPrefix(metric, "limit.") || strings.HasPrefix(metric, "in-flight.") {
		return 0
	}
	return -1
}

const scoreMetric = "score"

// format writes a value of a metric.
func format(metric string, v float64) string {
	switch metric {
	case "score", "fairness":
		return fmt.Sprintf("%.3f", v)
	case "goodput", "offered":
		return Count(v) + "/s"
	case "rejected", "late", "refused", "failed", "wasted":
		return percent(v)
	case "amplification", "oscillation", "overshoot":
		return Count(v)
	}
	if better(metric) == 0 || strings.HasPrefix(metric, "queue.") {
		return Count(v)
	}
	return Seconds(v)
}

// Matrix writes a metric of every scenario and guard, and below it each guard's
// mean over the scenarios and its worst run.
func Matrix(w io.Writer, reports []*simulate.Report, metric string, look Look) {
	table := matrix(reports, metric)
	fmt.Fprintf(w, "%s of %d %s", metric, len(reports), plural(len(reports), "scenario"))
	if n := len(reports[0].Seeds); n > 1 {
		fmt.Fprintf(w, ", means over %d seeds ± half of a 95 %% confidence interval", n)
	}
	fmt.Fprintf(w, "\n")
	for from := 1; from < len(table[0]); {
		to := from + 1
		for to < len(table[0]) && (look.Columns == 0 || width(table, from, to+1) <= look.Columns) {
			to++
		}
		fmt.Fprintln(w)
		foot := 0
		for i, line := range align(part(table, from, to)) {
			if name := table[i][0]; i > len(reports) && (name == "mean" || name == "worst") {
				if foot++; foot == 1 {
					fmt.Fprintln(w)
				}
			}
			if i == 0 {
				line = paint(line, asciigraph.Gray, look.Color)
			}
			fmt.Fprintln(w, line)
		}
		from = to
	}
}

// part is the first column and some others, and an empty one, which align takes
// for remarks.
func part(table [][]string, from, to int) [][]string {
	out := make([][]string, len(table))
	for i, row := range table {
		out[i] = slices.Concat(row[:1], row[from:to], []string{""})
	}
	return out
}

func width(table [][]string, from, to int) int {
	wide := -2
	for c := range table[0] {
		if c > 0 && (c < from || c >= to) {
			continue
		}
		n := 0
		for _, row := range table {
			n = max(n, utf8.RuneCountInString(row[c]))
		}
		wide += n + 2
	}
	return wide
}

// matrix is a heading, a row for each scenario, and the rows below.
func matrix(reports []*simulate.Report, metric string) [][]string {
	var guards []string
	for _, r := range reports {
		for _, g := range r.Guards() {
			if !slices.Contains(guards, g) && (g != oracle || metric != scoreMetric) {
				guards = append(guards, g)
			}
		}
	}
	table := [][]string{append([]string{"scenario"}, guards...)}
	mean, worst := []string{"mean"}, []string{"worst"}
	means, lows, counts := make([]float64, len(guards)), make([]float64, len(guards)), make([]int, len(guards))
	for i := range lows {
		lows[i] = math.Inf(better(metric))
	}
	for _, r := range reports {
		row := []string{printable(r.Scenario)}
		for i, g := range guards {
			cell := "–"
			if e, err := r.Estimate(g, metric); err == nil {
				cell = format(metric, e.Mean)
				if e.Runs > 1 {
					cell += " ±" + format(metric, e.Half)
				}
				means[i] += e.Mean
				counts[i]++
				for _, res := range r.Of(g) {
					x, _ := res.Metric(metric)
					if better(metric) > 0 {
						lows[i] = min(lows[i], x)
					} else {
						lows[i] = max(lows[i], x)
					}
				}
			}
			row = append(row, cell)
		}
		table = append(table, row)
	}
	for i := range guards {
		// A guard that missed a scenario is not compared with those that did not.
		if counts[i] < len(reports) {
			mean, worst = append(mean, "–"), append(worst, "–")
			continue
		}
		mean = append(mean, format(metric, means[i]/float64(len(reports))))
		worst = append(worst, format(metric, lows[i]))
	}
	table = append(table, mean)
	if better(metric) != 0 {
		table = append(table, worst)
	}
	return table
}
