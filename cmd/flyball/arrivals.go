package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/flyball-go/flyball/simulate"
	"github.com/flyball-go/flyball/simulate/trace"
)

// replay puts the recorded arrivals that arg names in place of the load of all
// scenarios. The notes say what a reader of the results ought to know of them.
func replay(arg string, scenarios []*simulate.Scenario) (notes []string, err error) {
	path, column, unit := splitArrivals(arg)
	t, err := trace.Open(path, trace.Options{Columns: trace.Columns{Time: column}, TimeUnit: unit})
	if err != nil {
		return nil, fmt.Errorf("--arrivals: %w", at(path, err))
	}
	arrivals := t.Arrivals()
	if len(arrivals) == 0 {
		return nil, fmt.Errorf("--arrivals: %s: format %s has latencies only, want one with arrivals", path, t.Format)
	}
	if t.Callers > 0 {
		notes = append(notes, fmt.Sprintf("%s was recorded with %d callers in a closed loop: its arrivals answer the latencies of that day", path, t.Callers))
	}
	last := time.Duration(arrivals[len(arrivals)-1])
	stamps := make([]time.Duration, len(arrivals))
	for i, ns := range arrivals {
		stamps[i] = time.Duration(ns)
	}
	for _, sc := range scenarios {
		within := stamps
		for len(within) > 0 && within[len(within)-1] >= sc.Duration {
			within = within[:len(within)-1]
		}
		switch {
		case len(within) < len(stamps):
			notes = append(notes, fmt.Sprintf("%s lasts %v: replays the first %d of %d arrivals in %s", sc.Name, sc.Duration, len(within), len(stamps), path))
		case last < sc.Duration*9/10:
			notes = append(notes, fmt.Sprintf("%s lasts %v: the arrivals in %s end at %v", sc.Name, sc.Duration, path, last.Round(time.Millisecond)))
		}
		sc.Load = []simulate.Phase{{Arrivals: simulate.Replay, Stamps: within}}
		if err := sc.Validate(); err != nil {
			return nil, fmt.Errorf("%s with --arrivals %s: %w", sc.Name, path, err)
		}
	}
	return notes, nil
}

// splitArrivals takes "file:column:unit" apart, of which the file alone must be
// there. A file of that whole name comes first, because names may hold colons.
func splitArrivals(arg string) (path, column string, unit trace.Unit) {
	if _, err := os.Stat(arg); err == nil {
		return arg, "", ""
	}
	path, last, found := cutLast(arg)
	if !found {
		return arg, "", ""
	}
	switch u := trace.Unit(last); u {
	case trace.Seconds, trace.Millis, trace.Micros, trace.Nanos:
		if before, column, found := cutLast(path); found {
			return before, column, u
		}
	}
	return path, last, ""
}

func cutLast(s string) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}
