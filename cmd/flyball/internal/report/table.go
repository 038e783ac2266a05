// Package report shows what a simulation measured: as a table with a chart for a
// terminal, or as comma-separated values.
package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/guptarohit/asciigraph"

	"github.com/flyball-go/flyball/simulate"
)

// Width is the most columns that a line of a table takes, with guards and
// scenarios of ordinary names.
const Width = 100

// Table writes one row per guard, the oracle's last.
func Table(w io.Writer, r *simulate.Report, color bool) {
	best := Best(r)
	rows := [][]string{{"guard", "score", "goodput", "p50", "p99", "rejected", "late", "failed", "limit (range)", ""}}
	failed, repeatable := false, true
	for _, res := range r.Results {
		note := ""
		switch {
		case res.Guard == best:
			note = "◂"
		case !res.Repeatable:
			note = "†"
		}
		failed = failed || res.Failed+res.Refused > 0
		repeatable = repeatable && res.Repeatable
		rows = append(rows, []string{
			printable(res.Guard),
			fmt.Sprintf("%.3f", res.Score),
			fmt.Sprintf("%s/s %4.0f%%", Count(res.Goodput), 100*res.OfBest),
			latency(res.Latency, res.Latency.P50),
			latency(res.Latency, res.Latency.P99),
			share(res.Rejected, res.Offered),
			share(res.Late, res.Offered),
			share(res.Failed+res.Refused, res.Offered),
			level(res.Limit),
			note,
		})
	}
	if !failed {
		for i := range rows {
			rows[i] = append(rows[i][:7:7], rows[i][8:]...)
		}
	}
	for i, line := range align(rows) {
		switch {
		case i == 0:
			line = paint(line, asciigraph.Gray, color)
		case r.Results[i-1].Guard == best:
			line = paint(line, asciigraph.Green, color)
		case Reference(r.Results[i-1].Guard):
			line = paint(line, asciigraph.Gray, color)
		}
		fmt.Fprintln(w, line)
	}
	legend(w, r, repeatable)
}

// legend explains the marks and the yardstick.
func legend(w io.Writer, r *simulate.Report, repeatable bool) {
	var marks []string
	if Best(r) != "" {
		marks = append(marks, "◂ the best law")
	}
	if !repeatable {
		marks = append(marks, "† not repeatable: draws randomness of its own")
	}
	fmt.Fprintln(w)
	if len(marks) > 0 {
		fmt.Fprintln(w, strings.Join(marks, "   "))
	}
	if o := r.Of("oracle"); len(o) > 0 {
		fmt.Fprintf(w, "score and %% are against the oracle: in hindsight, %s × the right limit of each instant\n", Count(o[0].Oracle))
	}
}

// Reference reports whether guard is a yardstick instead of a law to choose.
func Reference(guard string) bool {
	return guard == "none" || guard == "oracle" || strings.HasPrefix(guard, "fixed")
}

// Best returns the law with the highest score, the first of equals, or "" if r
// has references only.
func Best(r *simulate.Report) string {
	best, score := "", -1.0
	for _, res := range r.Results {
		if !Reference(res.Guard) && res.Score > score {
			best, score = res.Guard, res.Score
		}
	}
	return best
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

func latency(q simulate.Quantiles, seconds float64) string {
	if q.Count == 0 {
		return "–"
	}
	return Seconds(seconds)
}

func share(n, of uint64) string {
	switch {
	case of == 0:
		return "–"
	case n == 0:
		return "0%"
	}
	p := 100 * float64(n) / float64(of)
	if p < 0.05 {
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
