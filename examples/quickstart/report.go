package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// report prints the two clients side by side, latencies of the good answers, and
// what that shows. It reports whether the limiter paid off.
func report(out io.Writer, length time.Duration, plain, limited *results, limit int) bool {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "client\toffered\tgoodput\tp50\tp99\ttimed out\trejected\terrors\t")
	row := func(name string, r *results) (goodput float64) {
		slices.Sort(r.latencies)
		goodput = float64(len(r.latencies)) / length.Seconds()
		fmt.Fprintf(w, "%s\t%d\t%.0f/s\t%v\t%v\t%d\t%d\t%d\t\n", name, r.offered, goodput,
			r.quantile(0.5), r.quantile(0.99), r.timedOut, r.rejected, r.failed)
		return goodput
	}
	before, after := row("plain", plain), row("with flyball", limited)
	_ = w.Flush()
	if after <= before {
		fmt.Fprintf(out, "\nThe limiter did not pay off: %.0f good answers/s with it, %.0f/s without it.\n", after, before)
		return false
	}
	fmt.Fprintf(out, "\nWith the same load and the same time-out, the limiter raised the good answers from %.0f/s to %.0f/s:\n"+
		"it found that about %d requests in flight keep the server busy, and told the other callers so early.\n", before, after, limit)
	return true
}

// quantile is that of the sorted latencies; 0 if there are none.
func (r *results) quantile(q float64) time.Duration {
	if len(r.latencies) == 0 {
		return 0
	}
	return r.latencies[int(q*float64(len(r.latencies)-1))].Round(time.Millisecond)
}
