package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"github.com/flyball-go/flyball/simulate"
)

// CSV writes a heading and one line for each scenario, guard and seed. Times are
// in seconds, rates per second; a guard without a limit has empty cells for it.
func CSV(w io.Writer, reports []*simulate.Report) error {
	out := csv.NewWriter(w)
	heading := []string{
		"scenario", "guard", "seed", "repeatable", "score", "goodput", "of_oracle",
		"offered", "served", "late", "failed", "rejected", "refused", "pending",
		"attempts", "admitted", "timed_out", "wasted",
		"latency_mean", "latency_p50", "latency_p90", "latency_p95", "latency_p99", "latency_p999", "latency_max",
		"rtt_p50", "rtt_p99",
		"limit_min", "limit_mean", "limit_max", "limit_mode",
		"in_flight_mean", "in_flight_max", "queue_mean", "queue_max", "fairness", "events",
	}
	if err := out.Write(heading); err != nil {
		return err
	}
	for _, r := range reports {
		for _, res := range r.Results {
			row := []string{cell(r.Scenario), cell(res.Guard), whole(res.Seed), strconv.FormatBool(res.Repeatable)}
			row = append(row, numbers(res.Score, res.Goodput, res.OfBest)...)
			for _, n := range []uint64{
				res.Offered, res.Served, res.Late, res.Failed, res.Rejected, res.Refused, res.Pending,
				res.Attempts, res.Admitted, res.TimedOut, res.Wasted,
			} {
				row = append(row, whole(n))
			}
			l := res.Latency
			row = append(row, numbers(l.Mean, l.P50, l.P90, l.P95, l.P99, l.P999, l.Max, res.RTT.P50, res.RTT.P99)...)
			if res.Limit == nil {
				row = append(row, "", "", "", "")
			} else {
				row = append(row, numbers(res.Limit.Min, res.Limit.Mean, res.Limit.Max, res.Limit.Mode)...)
			}
			row = append(row, numbers(res.InFlight.Mean, res.InFlight.Max, res.Queue.Mean, res.Queue.Max, res.Fairness)...)
			row = append(row, whole(res.Events))
			if err := out.Write(row); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

// SeriesCSV writes a heading and one line for each scenario, guard, seed and bin
// of time, from the bin's start.
func SeriesCSV(w io.Writer, reports []*simulate.Report) error {
	out := csv.NewWriter(w)
	heading := []string{
		"scenario", "guard", "seed", "time", "offered", "goodput", "rejected", "late",
		"limit", "in_flight", "queue", "latency_mean", "latency_p50", "latency_p99",
	}
	if err := out.Write(heading); err != nil {
		return err
	}
	for _, r := range reports {
		for _, res := range r.Results {
			s := res.Series
			for i := range s.Goodput {
				row := []string{cell(r.Scenario), cell(res.Guard), whole(res.Seed)}
				row = append(row, numbers(s.Bin*float64(i))...)
				for _, values := range [][]float64{s.Offered, s.Goodput, s.Rejected, s.Late, s.Limit, s.InFlight, s.Queue, s.Mean, s.P50, s.P99} {
					if i < len(values) {
						row = append(row, numbers(values[i])...)
					} else {
						row = append(row, "")
					}
				}
				if err := out.Write(row); err != nil {
					return err
				}
			}
		}
	}
	out.Flush()
	return out.Error()
}

// cell keeps a spreadsheet from taking a name for a formula.
func cell(s string) string {
	if strings.ContainsAny(s[:min(len(s), 1)], "=+-@\t\r") {
		return "'" + s
	}
	return s
}

func whole(n uint64) string { return strconv.FormatUint(n, 10) }

func numbers(values ...float64) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strconv.FormatFloat(v, 'g', -1, 64)
	}
	return out
}
