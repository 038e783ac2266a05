package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/guptarohit/asciigraph"

	"github.com/flyball-go/flyball/simulate/tune"
)

// Tuned writes the answer of a search, what speaks for it, and what the search
// cost.
func Tuned(w io.Writer, f *tune.Found, took time.Duration, look Look) {
	head := "change to " + f.Answer.String()
	if f.Keep {
		head = "keep what is in force: " + f.Answer.String()
	}
	fmt.Fprintf(w, "%s\n\n%s\n", paint(head, asciigraph.Green, look.Color), sentence(f.Why))
	section := func(title string, table [][]string) {
		if len(table) < 2 {
			return
		}
		fmt.Fprintf(w, "\n%s\n\n", title)
		for i, line := range align(table) {
			if i == 0 {
				line = paint(line, asciigraph.Gray, look.Color)
			}
			fmt.Fprintf(w, "%s\n", line)
		}
	}
	section("Setting", settings(f))
	section(fmt.Sprintf("Worst of %d unseen seeds (a score is what the objective is worth, of the best fixed limit)", len(f.Unseen)), scenarios(f))
	section("Winner beside what is in force, on unseen seeds", trials(f))
	section("What matters (of the variance of the score over the space)", effects(f))
	section("Best trades of "+trade(f)+" on the first seed", front(f))
	fmt.Fprintf(w, "\nexpected: limit %d to %d, p99 of round trips up to %s, rejected up to %s\n",
		f.Envelope.MinLimit, f.Envelope.MaxLimit, Duration(f.Envelope.P99), percent(f.Envelope.Rejected))
	if f.Played.Void > 0 {
		fmt.Fprintf(w, "left out: %d points of the space that are no valid setting, such as: %s\n", f.Played.Void, strings.ReplaceAll(f.Played.VoidFor, "\n", "; "))
	}
	fmt.Fprintln(w, played(f, took))
}

// played is the throughput. What a journal had was not played again.
func played(f *tune.Found, took time.Duration) string {
	p := f.Played
	s := fmt.Sprintf("played %d candidates in %d runs: %s calls, %s events", p.Candidates, p.Runs, Count(float64(p.Calls)), Count(float64(p.Events)))
	if p.Resumed > 0 {
		return fmt.Sprintf("%s; %d of the runs were in the journal, the others took %s", s, p.Resumed, Duration(took))
	}
	return fmt.Sprintf("%s in %s, %s calls/s", s, Duration(took), Count(float64(p.Calls)/took.Seconds()))
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }

// settings are the values that differ, and what the two have in common.
func settings(f *tune.Found) [][]string {
	table := [][]string{{"key", "in force", "winner"}}
	in := map[string]string{}
	var keys []string
	for _, l := range f.InForce.Lines() {
		in[l.Key] = l.Value
		keys = append(keys, l.Key)
	}
	won := map[string]string{}
	for _, l := range f.Winner.Lines() {
		won[l.Key] = l.Value
		if _, both := in[l.Key]; !both {
			keys = append(keys, l.Key)
		}
	}
	or := func(s string) string {
		if s == "" {
			return "default"
		}
		return s
	}
	for _, k := range keys {
		table = append(table, []string{k, or(in[k]), or(won[k])})
	}
	return table
}

func scenarios(f *tune.Found) [][]string {
	table := [][]string{{"scenario", "best fixed", "score", "goodput", "p99", "rejected", "of in force:", "score", "goodput", "p99", "rejected"}}
	for _, s := range f.Scenarios {
		row := []string{s.Name, fmt.Sprint(s.Fixed)}
		for i, seen := range []tune.Seen{s.Seen, s.Was} {
			if i == 1 {
				row = append(row, "")
			}
			row = append(row, fmt.Sprintf("%.3f", seen.Score), Count(seen.Goodput)+"/s", Seconds(seen.P99), percent(seen.Rejected))
		}
		table = append(table, row)
	}
	return table
}

func trials(f *tune.Found) [][]string {
	table := [][]string{{"downstream", "runs", "winner's worst", "worst in force", "winner better in", "bounds kept", "in force"}}
	for _, t := range f.Trials {
		table = append(table, []string{
			t.Change.Name, fmt.Sprint(t.Runs), fmt.Sprintf("%.3f", t.Winner), fmt.Sprintf("%.3f", t.InForce),
			fmt.Sprint(t.Better), fmt.Sprint(t.Held), fmt.Sprint(t.HeldInForce),
		})
	}
	return table
}

func effects(f *tune.Found) [][]string {
	table := [][]string{{"knob", "range", "matters", "best at", "mean score there", "at worst"}}
	for _, e := range f.Effects {
		best := e.From
		if e.From != e.To {
			best += " … " + e.To
		}
		table = append(table, []string{e.Knob, e.Range, percent(e.Share), best, fmt.Sprintf("%.3f", e.Best), fmt.Sprintf("%.3f", e.Worst)})
	}
	return table
}

func metricOf(f *tune.Found) string { return strings.Fields(f.Plan.Objective)[1] }

func trade(f *tune.Found) string { return metricOf(f) + " and p99" }

func front(f *tune.Found) [][]string {
	head := []string{"bounds"}
	for _, s := range f.Scenarios {
		name := ""
		if len(f.Scenarios) > 1 {
			name = s.Name + " "
		}
		head = append(head, name+metricOf(f), name+"p99")
	}
	table := [][]string{append(head, "setting")}
	for _, t := range f.Front {
		row := []string{"kept"}
		if !t.Holds {
			row[0] = "broken"
		}
		for i := range t.Values {
			row = append(row, format(metricOf(f), t.Values[i]), Seconds(t.P99[i]))
		}
		table = append(table, append(row, t.Setting.String()))
	}
	return table
}
