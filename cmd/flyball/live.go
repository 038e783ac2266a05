package main

import (
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"github.com/vbauerster/cupwriter"

	"github.com/flyball-go/flyball/cmd/flyball/internal/report"
	"github.com/flyball-go/flyball/cmd/flyball/load"
)

// live shows how a load test goes: at a terminal in a few lines that are painted
// anew, elsewhere in a line for each step. Its methods may be called at once.
type live struct {
	screen *cupwriter.Writer // nil where there is no terminal
	lines  io.Writer         // nil where there is one, or nobody wants any
	wide   int
	total  int           // steps, about
	most   time.Duration // that all may take
	begun  time.Time
	ending chan struct{}
	ended  sync.WaitGroup

	mu        sync.Mutex
	generator *load.Generator
	about     string // what is measured, if not the knee
	recovery  bool   // the knee is known, and steps tell nothing of it any more
	done      int
	kept      map[float64]bool // whether the target kept up with a rate, when it was last tried
}

// live begins to show a test of about so many steps that takes at most so long.
func (c *loadtestCommand) live(out *output, steps int, most time.Duration) *live {
	l := &live{total: steps, most: most, begun: time.Now(), ending: make(chan struct{}), kept: map[float64]bool{}}
	switch {
	case c.Quiet:
	case out.status == nil:
		l.lines = out.stderr
	default:
		l.wide = terminal(out.status)
		l.screen = cupwriter.New(out.status, true)
		l.ended.Go(l.paint)
	}
	return l
}

// paint paints four times a second, and in the end takes all away.
func (l *live) paint() {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-l.ending:
			_ = l.screen.Flush(0)
			return
		case <-tick.C:
		}
		lines := l.picture(time.Since(l.begun))
		for _, line := range lines {
			fmt.Fprintln(l.screen, short(line, l.wide-1))
		}
		_ = l.screen.Flush(len(lines)) // who cannot see it misses nothing else
	}
}

func (l *live) end() {
	close(l.ending)
	l.ended.Wait()
}

// picture is what a terminal shows.
func (l *live) picture(elapsed time.Duration) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	what := "loadtest"
	switch {
	case l.about != "":
		what = "verify " + l.about
	case l.recovery:
		what = "recovery"
	}
	lines := []string{fmt.Sprintf("%s   step %d of about %d, %s", what, l.done+1, max(l.total, l.done+1), l.left(elapsed))}
	if l.generator != nil {
		if g, held := l.generator.Glance(); held {
			lines = append(lines, fmt.Sprintf("  %s calls/s for %s   goodput %s/s   p50 %s   p99 %s   errors %s   %d in flight%s", report.Count(g.Rate),
				report.Duration(g.Elapsed.Round(100*time.Millisecond)), report.Count(g.Goodput), report.Duration(g.P50), report.Duration(g.P99), report.Percent(g.Errors), g.InFlight, rejected(g.Rejected)))
		} else {
			lines = append(lines, "  waits for the target to come to rest")
		}
	}
	if l.about == "" {
		lines = append(lines, "  "+l.knee())
	}
	return lines
}

// left is the time that is left, judged by the steps that are done.
func (l *live) left(elapsed time.Duration) string {
	most := max(0, l.most-elapsed).Round(time.Second)
	if l.done == 0 {
		return fmt.Sprintf("%v left at most", most)
	}
	left := elapsed * time.Duration(max(1, l.total-l.done)) / time.Duration(l.done)
	return fmt.Sprintf("about %v left", min(left.Round(time.Second), most))
}

// knee is where it is as far as is known: below the lowest rate that was too much.
func (l *live) knee() string {
	low, high := 0.0, math.Inf(1)
	for rate, kept := range l.kept {
		if !kept {
			high = min(high, rate)
		}
	}
	for rate, kept := range l.kept {
		if kept && rate < high {
			low = max(low, rate)
		}
	}
	switch {
	case low > 0 && !math.IsInf(high, 0):
		return fmt.Sprintf("the knee is between %s and %s calls/s", report.Count(low), report.Count(high))
	case low > 0:
		return fmt.Sprintf("the knee is at %s calls/s or above", report.Count(low))
	case !math.IsInf(high, 0):
		return fmt.Sprintf("the knee is below %s calls/s", report.Count(high))
	}
	return "nothing is known of the knee yet"
}

// holds says whose steps are shown from now on.
func (l *live) holds(g *load.Generator, about string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.generator, l.about = g, about
}

// step is told of each step on the way to the knee.
func (l *live) step(s load.Step) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done++
	verdict := "kept up"
	if !s.Passed {
		verdict = string(s.Why)
	}
	if l.recovery {
		l.say(&s, verdict+"; recovery")
		return
	}
	if s.Passed || s.Why != load.GeneratorAtLimit && !s.Cut {
		l.kept[s.Rate] = s.Passed
	}
	l.say(&s, verdict+"; "+l.knee())
}

// recovers is told that the steps from now on are of the recovery.
func (l *live) recovers() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.recovery, l.total = true, l.done+load.RecoverySteps
}

// began and cell are told of each measurement of a verification.
func (l *live) began(c load.Cell, g *load.Generator) { l.holds(g, cellName(c)) }

func (l *live) cell(c load.Cell) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done++
	l.say(&c.Measured, fmt.Sprintf("%s; predicted %s/s and p99 %s", cellName(c), report.Count(c.Predicted.Goodput), report.Duration(c.Predicted.P99)))
}

func cellName(c load.Cell) string {
	client := "a plain client"
	if c.Guarded {
		client = "the limiter"
	}
	return fmt.Sprintf("%s at %g × the knee", client, c.Times)
}

func (l *live) say(s *load.Step, more string) {
	if l.lines != nil {
		fmt.Fprintf(l.lines, "%s calls/s for %s: %s/s, p50 %s, p99 %s, errors %s%s; %s\n", report.Count(s.Rate), report.Duration(s.For), report.Count(s.Goodput),
			report.Duration(s.Waited.P50), report.Duration(s.Waited.P99), report.Percent(s.ErrorShare()), rejected(s.RejectedShare()), more)
	}
}

func rejected(share float64) string {
	if share == 0 {
		return ""
	}
	return ", rejected " + report.Percent(share)
}
