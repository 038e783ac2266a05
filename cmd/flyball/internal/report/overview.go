package report

import (
	"fmt"
	"math"
	"time"

	"github.com/guptarohit/asciigraph"

	"github.com/flyball-go/flyball/simulate"
)

// Overview is the chart of one run beside the oracle's: the limit, or the calls
// in flight of a guard without one, and the latency that callers saw.
func Overview(r *simulate.Report, res *simulate.Result, color bool) Chart {
	what, of := "limit", func(res *simulate.Result) []float64 { return res.Series.Limit }
	if res.Limit == nil {
		what, of = "in flight", func(res *simulate.Result) []float64 { return res.Series.InFlight }
	}
	who := res.Guard
	if len(r.Seeds) > 1 {
		who = fmt.Sprintf("%s, seed %d", res.Guard, res.Seed)
	}
	var lines []Line
	if best := r.Of("oracle"); len(best) > 0 && res.Guard != "oracle" {
		lines = append(lines, Line{Name: "oracle", Values: of(best[0]), Glyph: "·", Color: asciigraph.Gray})
	}
	lines = append(lines, Line{Name: res.Guard, Values: of(res), Color: asciigraph.Cyan})

	c := Chart{Span: duration(r.Duration), Color: color, Panels: []Panel{
		{Title: what + ", calls", Scale: Linear{}, Lines: lines},
		{Title: "latency, " + who, Scale: Ruler125{}, Lines: []Line{
			{Name: "p99", Values: nanoseconds(res.Series.P99), Glyph: "·", Color: asciigraph.Orange},
			{Name: "p50", Values: nanoseconds(res.Series.P50), Color: asciigraph.Green},
		}},
	}}
	for _, change := range res.Changes {
		c.Changes = append(c.Changes, duration(change.At))
	}
	return c
}

func duration(seconds float64) time.Duration { return time.Duration(seconds * 1e9) }

func nanoseconds(seconds []float64) []float64 {
	out := make([]float64, len(seconds))
	for i, s := range seconds {
		if out[i] = 1e9 * s; s == 0 {
			out[i] = math.NaN() // no call ended in this bin
		}
	}
	return out
}
