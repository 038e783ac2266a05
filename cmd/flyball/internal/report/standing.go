package report

import (
	"slices"
	"strings"

	"github.com/flyball-go/flyball/simulate"
)

// A Standing is how one guard did over the seeds of a Report. Shares are means
// over the runs.
type Standing struct {
	Guard      string
	Repeatable bool
	Score      simulate.Estimate
	WorstScore float64
	Goodput    simulate.Estimate // calls per second
	OfBest     float64           // Goodput as a share of the oracle's
	P50, P99   simulate.Estimate // seconds; Runs is how many had a latency at all
	WorstP99   float64
	Rejected   float64
	Late       float64
	Failed     float64         // or refused by the downstream
	Limit      *simulate.Level // the mean of the means, the lowest and the highest; nil without one
	Oracle     float64         // of the oracle: its multiple of the right limit
}

// Standings sums up r, a row for each guard.
func Standings(r *simulate.Report) []Standing {
	var rows []Standing
	for _, guard := range r.Guards() {
		rows = append(rows, standing(guard, r.Of(guard)))
	}
	return rows
}

func standing(guard string, runs []*simulate.Result) Standing {
	s := Standing{Guard: guard, Repeatable: true, WorstScore: 1}
	var score, goodput, p50, p99 []float64
	n := float64(len(runs))
	for _, r := range runs {
		s.Repeatable = s.Repeatable && r.Repeatable
		s.WorstScore = min(s.WorstScore, r.Score)
		score, goodput = append(score, r.Score), append(goodput, r.Goodput)
		s.OfBest += r.OfBest / n
		s.Oracle += r.Oracle / n
		if r.Latency.Count > 0 {
			p50, p99 = append(p50, r.Latency.P50), append(p99, r.Latency.P99)
			s.WorstP99 = max(s.WorstP99, r.Latency.P99)
		}
		if r.Offered > 0 {
			of := float64(r.Offered) * n
			s.Rejected += float64(r.Rejected) / of
			s.Late += float64(r.Late) / of
			s.Failed += float64(r.Failed+r.Refused) / of
		}
		if l := r.Limit; l != nil {
			if s.Limit == nil {
				s.Limit = &simulate.Level{Min: l.Min, Max: l.Max}
			}
			s.Limit.Mean += l.Mean / n
			s.Limit.Min, s.Limit.Max = min(s.Limit.Min, l.Min), max(s.Limit.Max, l.Max)
		}
	}
	s.Score, s.Goodput = simulate.Estimated(score), simulate.Estimated(goodput)
	s.P50, s.P99 = simulate.Estimated(p50), simulate.Estimated(p99)
	return s
}

// Reference reports whether guard is a yardstick instead of a law to choose.
func Reference(guard string) bool {
	return guard == "none" || guard == oracle || strings.HasPrefix(guard, "fixed")
}

const oracle = "oracle"

// Best returns the law with the highest mean score, the first of equals, or "" if
// r has references only.
func Best(r *simulate.Report) string { return best(Standings(r)) }

func best(rows []Standing) string {
	laws := slices.DeleteFunc(slices.Clone(rows), func(s Standing) bool { return Reference(s.Guard) })
	if len(laws) == 0 {
		return ""
	}
	return slices.MaxFunc(laws, func(a, b Standing) int {
		switch {
		case a.Score.Mean < b.Score.Mean:
			return -1
		case a.Score.Mean > b.Score.Mean:
			return 1
		}
		return 0
	}).Guard
}
