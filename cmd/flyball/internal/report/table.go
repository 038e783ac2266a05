// Package report shows what a simulation measured: as a table with a chart for a
// terminal, or as comma-separated values.
package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/guptarohit/asciigraph"

	"github.com/flyball-go/flyball/simulate"
)

// Width is the most columns that a line of a table takes, with guards and
// scenarios of ordinary names.
const Width = 100

// A Look is how a text is to look.
type Look struct {
	Color   bool // with escape codes, for a terminal
	Columns int  // of the terminal; 0 means that it is for a file, with all columns
}

func (l Look) columns() int {
	if l.Columns == 0 {
		return Width
	}
	return l.Columns
}

// A column of the table. Those of a higher rank go first where there is no room.
type column struct {
	name string
	rank int
	cell func(Standing) string
}

// Table writes one row per guard, the oracle's last. Of several seeds it has the
// means, the confidence in the score, and the worst seed.
func Table(w io.Writer, r *simulate.Report, look Look) {
	rows := Standings(r)
	winner := best(rows)
	columns, left := columnsFor(r, rows), []string(nil)
	if look.Columns > 0 {
		columns, left = narrow(columns, rows, look.Columns-3) // 3 for the mark
	}
	table := [][]string{make([]string, len(columns)+1)}
	for i, c := range columns {
		table[0][i] = c.name
	}
	for _, s := range rows {
		line := make([]string, len(columns)+1)
		for i, c := range columns {
			line[i] = c.cell(s)
		}
		line[len(columns)] = mark(s, winner)
		table = append(table, line)
	}
	for i, line := range align(table) {
		switch {
		case i == 0:
			line = paint(line, asciigraph.Gray, look.Color)
		case rows[i-1].Guard == winner:
			line = paint(line, asciigraph.Green, look.Color)
		case Reference(rows[i-1].Guard):
			line = paint(line, asciigraph.Gray, look.Color)
		}
		fmt.Fprintln(w, line)
	}
	legend(w, r, rows, left, look)
}

func mark(s Standing, winner string) string {
	switch {
	case s.Guard == winner:
		return "◂"
	case !s.Repeatable:
		return "†"
	}
	return ""
}

func columnsFor(r *simulate.Report, rows []Standing) []column {
	many := len(r.Seeds) > 1
	columns := []column{
		{"guard", 0, func(s Standing) string { return printable(s.Guard) }},
		{"score", 0, func(s Standing) string { return fmt.Sprintf("%.3f", s.Score.Mean) }},
	}
	if many {
		columns[1].cell = func(s Standing) string { return fmt.Sprintf("%.3f ±%.3f", s.Score.Mean, s.Score.Half) }
		columns = append(columns, column{"worst", 0, func(s Standing) string { return fmt.Sprintf("%.3f", s.WorstScore) }})
	}
	columns = append(columns,
		column{"goodput", 0, func(s Standing) string { return fmt.Sprintf("%s/s %4.0f%%", Count(s.Goodput.Mean), 100*s.OfBest) }},
		column{"p50", 6, func(s Standing) string { return timeOf(s.P50) }},
		column{"p99", 0, func(s Standing) string { return timeOf(s.P99) }},
	)
	if many {
		columns = append(columns, column{"worst p99", 3, func(s Standing) string {
			if s.P99.Runs == 0 {
				return "–"
			}
			return Seconds(s.WorstP99)
		}})
	}
	columns = append(columns,
		column{"rejected", 1, func(s Standing) string { return percent(s.Rejected) }},
		column{"late", 2, func(s Standing) string { return percent(s.Late) }},
	)
	if slices.ContainsFunc(rows, func(s Standing) bool { return s.Failed > 0 }) {
		columns = append(columns, column{"failed", 4, func(s Standing) string { return percent(s.Failed) }})
	}
	return append(columns, column{"limit (range)", 5, func(s Standing) string { return level(s.Limit) }})
}

// narrow leaves out what a line has no room for.
func narrow(columns []column, rows []Standing, width int) (kept []column, left []string) {
	wide := func(c column) int {
		n := utf8.RuneCountInString(c.name)
		for _, s := range rows {
			n = max(n, utf8.RuneCountInString(c.cell(s)))
		}
		return n
	}
	total := -2
	for _, c := range columns {
		total += wide(c) + 2
	}
	for total > width {
		out := 0
		for i, c := range columns {
			if c.rank > columns[out].rank {
				out = i
			}
		}
		if columns[out].rank == 0 {
			break
		}
		total -= wide(columns[out]) + 2
		left = append(left, columns[out].name)
		columns = slices.Delete(columns, out, out+1)
	}
	return columns, left
}

// legend explains the marks and the yardstick.
func legend(w io.Writer, r *simulate.Report, rows []Standing, left []string, look Look) {
	var marks, notes []string
	if best(rows) != "" {
		marks = append(marks, "◂ the best law")
	}
	if slices.ContainsFunc(rows, func(s Standing) bool { return !s.Repeatable }) {
		marks = append(marks, "† not repeatable: draws randomness of its own")
	}
	if len(marks) > 0 {
		fmt.Fprintf(w, "\n%s", strings.Join(marks, "   "))
	}
	if o := r.Of(oracle); len(o) == 1 {
		notes = append(notes, fmt.Sprintf("score and %% are against the oracle: in hindsight, %s × the right limit of each instant", Count(o[0].Oracle)))
	}
	if n := len(r.Seeds); n > 1 {
		notes = append(notes, fmt.Sprintf("means over %d seeds, ± half of a 95 %% confidence interval, and the worst seed; score and %% are against the oracle of each", n))
	}
	if len(left) > 0 {
		notes = append(notes, fmt.Sprintf("no room for: %s", strings.Join(left, ", ")))
	}
	fmt.Fprintln(w)
	for _, n := range notes {
		for _, line := range wrap(n, look.columns()) {
			fmt.Fprintln(w, line)
		}
	}
}

// align pads the first column and the last to the right, the others to the left.
func align(rows [][]string) []string {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for c, cell := range row {
			width[c] = max(width[c], utf8.RuneCountInString(cell))
		}
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		var b strings.Builder
		for c, cell := range row {
			pad := strings.Repeat(" ", width[c]-utf8.RuneCountInString(cell))
			switch c {
			case 0:
				b.WriteString(cell + pad)
			case len(row) - 1:
				b.WriteString("  " + cell)
			default:
				b.WriteString("  " + pad + cell)
			}
		}
		lines[i] = strings.TrimRight(b.String(), " ")
	}
	return lines
}

func timeOf(e simulate.Estimate) string {
	if e.Runs == 0 {
		return "–"
	}
	return Seconds(e.Mean)
}

// Percent is a share in percent.
func Percent(share float64) string { return percent(share) }

func percent(share float64) string {
	p := 100 * share
	switch {
	case p == 0:
		return "0%"
	case p < 0.05:
		return "<0.1%"
	}
	return fmt.Sprintf("%.1f%%", p)
}

func level(l *simulate.Level) string {
	switch {
	case l == nil:
		return "–"
	case l.Min == l.Max:
		return Count(l.Mean)
	}
	return fmt.Sprintf("%s (%s–%s)", Count(l.Mean), Count(l.Min), Count(l.Max))
}
