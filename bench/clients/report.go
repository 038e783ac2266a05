package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// config says what of the limiter is not the library's own.
func (p plan) config(law string) string {
	text := "flyball"
	if law != (adaptive.Config{}).WithDefaults().Law {
		text += ", " + law
	}
	if p.initial != 0 {
		text += fmt.Sprintf(", Initial %d", p.initial)
	}
	switch {
	case p.queue < 0:
		text += ", no queue"
	case p.queue > 0:
		text += fmt.Sprintf(", Queue %d", p.queue)
	}
	return text
}

// report prints the tables.
func report(out io.Writer, p plan, loads []overload, costs []overhead) error {
	fmt.Fprintf(out, "Three times what the server can do, in an open loop: %v to learn and %v that count.\n"+
		"Callers give up after %v. p99 is of good answers, from the instant when the call was due;\n"+
		"unloaded, of a lone caller for as long, half of it before the limited clients' turns and half after.\n\n", p.warmup, p.length, p.patience)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "client\tserver\tcapacity\tunloaded p99\toffered\tlimiter\tgoodput\tof capacity\tp99\tof unloaded\tlate\trejected\terrors\tlimit")
	for _, l := range loads {
		row := func(name string, o outcome, limit string) {
			p99, times := "–", "–" // of no good answer there is none
			if o.goodput > 0 {
				p99, times = o.p99.Round(100*time.Microsecond).String(), fmt.Sprintf("%.1f ×", float64(o.p99)/float64(l.unloaded))
			}
			fmt.Fprintf(w, "%s\t%s\t%.0f/s\t%v\t%.0f/s\t%s\t%.0f/s\t%.0f %%\t%s\t%s\t%d\t%d\t%d\t%s\n", l.name, l.what, l.capacity,
				l.unloaded.Round(100*time.Microsecond), l.rate, name, o.goodput, 100*o.goodput/l.capacity,
				p99, times, o.late, o.rejected, o.bad, limit)
		}
		row("none", l.plain, "–")
		for _, by := range l.limited {
			row(p.config(by.law), by.outcome, fmt.Sprint(by.limit))
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprint(out, "\nThe plain client with so many callers, one call after the other each: median and 99th percentile. Where the\n"+
		"median does not grow with the callers beyond capacity, the server has newcomers overtake those who wait.\n\n")
	for i, l := range loads {
		if i == 0 {
			fmt.Fprint(w, "client")
			for _, v := range l.levels {
				fmt.Fprintf(w, "\t%d", v.callers)
			}
			fmt.Fprintln(w)
		}
		fmt.Fprint(w, l.name)
		for _, v := range l.levels {
			fmt.Fprintf(w, "\t%v, %v", v.p50.Round(100*time.Microsecond), v.p99.Round(100*time.Microsecond))
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nIdle calls on the loopback interface, one caller, one context that can be cancelled: %d pairs of clients, of each the median of\n"+
		"%d rounds of %d calls, plain and limited by turns. Ratios are the median pair's, and lie between the given 19 times in 20. How\n"+
		"well it is measured shows the ratio of plain clients to others of the same kind, which is 1.\n\n", pairs, p.rounds, callsInRound)
	fmt.Fprintln(w, "client\tplain\twith flyball\tratio\tbetween\tof plain ones\tbetween\tallocations added")
	for _, c := range costs {
		fmt.Fprintf(w, "%s\t%.1fµs\t%.1fµs\t%.3f\t%.3f and %.3f\t%.3f\t%.3f and %.3f\t%.1f\n", c.name,
			float64(c.plain)/1000, float64(c.limited)/1000, c.ratio.middle, c.ratio.low, c.ratio.high, c.twin.middle, c.twin.low, c.twin.high, c.allocs)
	}
	return w.Flush()
}
