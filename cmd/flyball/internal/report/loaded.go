package report

import (
	"fmt"
	"io"
	"time"

	"github.com/guptarohit/asciigraph"

	"github.com/flyball-go/flyball/cmd/flyball/load"
)

// Loaded writes what a load test found.
func Loaded(w io.Writer, r *load.Run, took time.Duration, look Look) {
	head, color := kneeOf(r)
	fmt.Fprintf(w, "%s\n\n", paint(head, color, look.Color))
	if k := r.Knee; k != nil {
		fmt.Fprintf(w, "At the knee %s calls/s end well, p50 %s, p99 %s, %s calls in flight on average.\n", Count(k.Goodput), Duration(k.P50), Duration(k.P99), Count(k.InFlight))
	}
	if r.Detail != "" {
		fmt.Fprintf(w, "The climb stopped for %s: %s.\n", r.Stopped, r.Detail)
	}
	if r.Partial != "" {
		fmt.Fprintf(w, "Not the whole test: %s.\n", r.Partial)
	}
	table := stepsTable(r)
	if len(table) > 1 {
		fmt.Fprintln(w)
	}
	for i, line := range align(table) {
		if len(table) == 1 {
			break
		}
		if i == 0 {
			line = paint(line, asciigraph.Gray, look.Color)
		}
		fmt.Fprintln(w, line)
	}
	if c := r.Recovery; c != nil {
		if len(table) > 1 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "After the search %s.\n", recovered(c))
	}
	if r.Ceiling > 0 {
		fmt.Fprintf(w, "\nthe generator can make %s calls/s here, to a handler that does nothing\n", Count(r.Ceiling))
	}
	made := r.Calls()
	if v := r.Verified; v != nil {
		fmt.Fprintln(w)
		verified(w, r, look)
		made += v.Calls()
	}
	tellMade(w, made, took)
}

func tellMade(w io.Writer, calls uint64, took time.Duration) {
	fmt.Fprintf(w, "made %d %s in %s\n", calls, plural(int(calls), "call"), Duration(took))
}

// kneeOf is the answer in a line.
func kneeOf(r *load.Run) (string, asciigraph.AnsiColor) {
	k := r.Knee
	switch {
	case k == nil && r.Stopped == load.GeneratorAtLimit:
		return "generator saturated: nothing can be said of the target", asciigraph.Red
	case k == nil:
		return "no knee", asciigraph.Red
	case k.Above == 0 && r.Stopped == load.GeneratorAtLimit:
		return fmt.Sprintf("generator saturated: the knee is at %s calls/s or above", Count(k.Rate)), asciigraph.Red
	case k.Above == 0:
		return fmt.Sprintf("the knee is at %s calls/s or above", Count(k.Rate)), asciigraph.Default
	case !k.Held:
		return fmt.Sprintf("knee between %s and %s calls/s, not held", Count(k.Rate), Count(k.Above)), asciigraph.Default
	}
	return fmt.Sprintf("knee at %s calls/s; %s are too much", Count(k.Rate), Count(k.Above)), asciigraph.Green
}

// recovered tells a recovery in a line.
func recovered(c *load.Recovery) string {
	if c.Not != "" {
		return "no recovery was tried: " + c.Not
	}
	if !c.Back {
		return fmt.Sprintf("it does not recover: %s after the last of %s calls/s it did not keep up with %s yet", Duration(c.After), Count(c.Over), Count(c.Under))
	}
	return fmt.Sprintf("it recovers: %s after the last of %s calls/s it keeps up with %s again", Duration(c.After), Count(c.Over), Count(c.Under))
}

func verdict(s *load.Step) string {
	switch {
	case s.Cut:
		return "cut off"
	case s.Passed:
		return "yes"
	}
	return "no: " + string(s.Why)
}

// stepsTable is a row for each step, under a heading.
func stepsTable(r *load.Run) [][]string {
	table := [][]string{{"calls/s", "held", "goodput", "p50", "p99", "service p99", "late p99", "in flight", "errors", "kept up"}}
	for _, s := range r.Steps {
		table = append(table, []string{
			Count(s.Rate), Duration(s.For), Count(s.Goodput) + "/s", Duration(s.Response.P50), Duration(s.Response.P99), Duration(s.Service.P99),
			Duration(s.Lag.P99), fmt.Sprint(s.Most), percent(s.ErrorShare()), verdict(&s),
		})
	}
	return table
}
