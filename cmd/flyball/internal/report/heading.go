package report

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/guptarohit/asciigraph"

	"github.com/flyball-go/flyball/simulate"
)

// unusual are the arrivals that the rate in a heading does not speak for.
var unusual = map[simulate.Arrivals]string{simulate.Users: " (closed loop)", simulate.Replay: " (replayed)"}

func loadNote(sc *simulate.Scenario) string {
	for _, p := range sc.Load {
		if note, ok := unusual[p.Arrivals]; ok {
			return note
		}
	}
	return ""
}

// Heading writes what was simulated.
func Heading(w io.Writer, r *simulate.Report, sc *simulate.Scenario, look Look) {
	parts := []string{Seconds(r.Duration)}
	if best := r.Of(oracle); len(best) > 0 && r.Duration > 0 {
		offered := Count(float64(best[0].Offered)/r.Duration) + "/s offered" + loadNote(sc)
		parts = append(parts, offered)
	}
	if n := sc.Clients.Count; n > 1 {
		parts = append(parts, fmt.Sprintf("%d clients (limits added up)", n))
	}
	if sc.Timeout > 0 {
		parts = append(parts, "time-out "+Duration(sc.Timeout))
	}
	parts = append(parts, "right limit "+Count(r.Right))
	parts = append(parts, plural(len(r.Seeds), "seed")+" "+seedList(r.Seeds))
	for i, line := range wrap(printable(r.Scenario)+": "+strings.Join(parts, ", "), look.columns()-2) {
		fmt.Fprintf(w, "%*s%s\n", 2*min(i, 1), "", line)
	}
	for _, line := range wrap(printable(r.Description), look.columns()-2) {
		fmt.Fprintf(w, "  %s\n", paint(line, asciigraph.Gray, look.Color))
	}
	fmt.Fprintln(w)
}

// Cost is the real time that a comparison took. It is the only thing here that
// depends on the machine.
type Cost struct {
	Oracle time.Duration // to find the oracle
	Guards time.Duration // to play all guards
}

// Write writes c beside what it bought.
func (c Cost) Write(w io.Writer, look Look, reports ...*simulate.Report) {
	events, virtual := 0.0, 0.0
	for _, r := range reports {
		for _, res := range r.Results {
			if res.Guard != oracle {
				events, virtual = events+float64(res.Events), virtual+r.Duration
			}
		}
	}
	perSecond := events / max(c.Guards.Seconds(), 1e-9)
	fmt.Fprintln(w)
	for _, line := range wrap(fmt.Sprintf("%s of virtual time, %s events in %s (%s/s), after %s for the oracle",
		Seconds(virtual), Count(events), Duration(c.Guards), Count(perSecond), Duration(c.Oracle)), look.columns()) {
		fmt.Fprintln(w, line)
	}
}

// wrap breaks s between words into lines of at most width runes; a longer word
// has a line of its own.
func wrap(s string, width int) []string {
	var lines []string
	line, n := "", 0
	for _, word := range strings.Fields(s) {
		k := len([]rune(word))
		if n > 0 && n+1+k > width {
			lines, line, n = append(lines, line), "", 0
		}
		if n > 0 {
			line, n = line+" ", n+1
		}
		line, n = line+word, n+k
	}
	if n > 0 {
		lines = append(lines, line)
	}
	return lines
}

// printable replaces what a terminal would obey instead of show.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r):
			return r
		}
		return '\uFFFD'
	}, s)
}
