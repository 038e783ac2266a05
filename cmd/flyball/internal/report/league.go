package report

import (
	"fmt"
	"io"
	"slices"

	"github.com/flyball-go/flyball/simulate"
)

// League writes one row for each guard over several scenarios, the best mean
// score first. A guard that missed a scenario is left out.
func League(w io.Writer, reports []*simulate.Report) {
	type standing struct {
		guard       string
		mean, worst float64
		where       string
		runs        int
	}
	var table []*standing
	for _, r := range reports {
		for _, res := range r.Results {
			i := slices.IndexFunc(table, func(s *standing) bool { return s.guard == res.Guard })
			if i < 0 {
				i = len(table)
				table = append(table, &standing{guard: res.Guard, worst: 2})
			}
			s := table[i]
			s.mean, s.runs = s.mean+res.Score, s.runs+1
			if res.Score < s.worst {
				s.worst, s.where = res.Score, r.Scenario
			}
		}
	}
	table = slices.DeleteFunc(table, func(s *standing) bool { return s.runs < len(reports) || s.guard == "oracle" })
	slices.SortStableFunc(table, func(a, b *standing) int {
		if a.mean > b.mean {
			return -1
		} else if a.mean < b.mean {
			return 1
		}
		return 0
	})
	fmt.Fprintf(w, "score over %d scenarios\n\n", len(reports))
	rows := [][]string{{"guard", "mean", "worst", "in"}}
	for _, s := range table {
		rows = append(rows, []string{printable(s.guard), fmt.Sprintf("%.3f", s.mean/float64(s.runs)), fmt.Sprintf("%.3f", s.worst), printable(s.where)})
	}
	for _, line := range align(rows) {
		fmt.Fprintln(w, line)
	}
}
