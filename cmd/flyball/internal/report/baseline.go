package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/guptarohit/asciigraph"

	"github.com/flyball-go/flyball/simulate"
)

// Read reads the documents that flyball simulate --format json writes.
func Read(r io.Reader) ([]*simulate.Report, error) {
	var reports []*simulate.Report
	d := json.NewDecoder(r)
	for n := 1; ; n++ {
		var raw json.RawMessage
		err := d.Decode(&raw)
		switch {
		case errors.Is(err, io.EOF) && n > 1:
			return reports, nil
		case errors.Is(err, io.EOF):
			return nil, errors.New("is empty, want a result of flyball simulate --format json")
		case errors.Is(err, io.ErrUnexpectedEOF):
			return nil, fmt.Errorf("document %d is cut off", n)
		case err != nil:
			return nil, fmt.Errorf("document %d is not JSON: %w", n, err)
		}
		rep, err := readReport(raw)
		if err != nil {
			return nil, fmt.Errorf("document %d %w", n, err)
		}
		if slices.ContainsFunc(reports, func(o *simulate.Report) bool { return o.Scenario == rep.Scenario }) {
			return nil, fmt.Errorf("document %d is of %s, as another before it", n, rep.Scenario)
		}
		reports = append(reports, rep)
	}
}

// version of the documents that Read understands.
const version = 1

func readReport(raw json.RawMessage) (*simulate.Report, error) {
	var head struct {
		Version *int    `json:"version"`
		Hash    *string `json:"hash"`
	}
	if err := json.Unmarshal(raw, &head); err != nil || head.Version == nil || head.Hash == nil {
		return nil, errors.New("is no result of flyball simulate --format json")
	}
	if *head.Version != version {
		return nil, fmt.Errorf("is of version %d, want %d: make it anew with this flyball", *head.Version, version)
	}
	rep := &simulate.Report{}
	if err := json.Unmarshal(raw, rep); err != nil {
		return nil, fmt.Errorf("is no result of flyball simulate --format json: %w", err)
	}
	if len(rep.Results) == 0 || slices.Contains(rep.Results, nil) {
		return nil, errors.New("has no results")
	}
	return rep, nil
}

// judged are the metrics that a comparison with a baseline looks at.
var judged = []string{"score", "goodput", "p99"}

// Tolerance is by how much, as a share, a metric may move without being told.
const Tolerance = 0.01

// A Change is how a metric of a guard stands to what it was.
type Change struct {
	Scenario, Guard, Metric string
	Before, After           float64 // means over the seeds that both have
	Worse                   bool    // or better
}

// Against compares reports with earlier ones of the same scenarios, seed by seed:
// the same seeds meet the same calls, so what differs is the guards. A metric has
// changed if its mean moved by more than Tolerance and, of several seeds, a
// confidence interval of 95 % for the difference leaves out none. Notes are what
// could not be compared. The error says that nothing can be.
func Against(before, after []*simulate.Report) (changes []Change, compared int, notes []string, err error) {
	for _, now := range after {
		then, err := Earlier(before, now.Scenario, now.Hash, now.Seeds)
		if err != nil {
			return nil, 0, nil, err
		}
		if then == nil {
			notes = append(notes, now.Scenario+" is not in the baseline")
			continue
		}
		for _, guard := range now.Guards() {
			if guard == oracle {
				continue
			}
			pairs := pair(then.Of(guard), now.Of(guard))
			switch {
			case len(pairs) == 0:
				notes = append(notes, fmt.Sprintf("%s: %s is not in the baseline", now.Scenario, guard))
				continue
			case len(pairs) == 1 && !pairs[0][1].Repeatable:
				notes = append(notes, fmt.Sprintf("%s: %s is not repeatable, so one seed does not tell", now.Scenario, guard))
				continue
			}
			for _, metric := range judged {
				c, ok := change(pairs, metric)
				compared++
				if ok {
					c.Scenario, c.Guard = now.Scenario, guard
					changes = append(changes, c)
				}
			}
		}
	}
	if compared == 0 {
		return nil, 0, nil, errors.New("has nothing to compare with")
	}
	return changes, compared, notes, nil
}

// Earlier finds the report that a scenario of a hash is to be compared with, run
// for some seeds. It is nil if there is none, and an error if there is one that
// says nothing about it.
func Earlier(before []*simulate.Report, scenario, hash string, seeds []uint64) (*simulate.Report, error) {
	i := slices.IndexFunc(before, func(r *simulate.Report) bool { return r.Scenario == scenario })
	if i < 0 {
		return nil, nil
	}
	then := before[i]
	if then.Hash != hash {
		return nil, fmt.Errorf("%s has been changed since the baseline was made (hash %.12s, now %.12s)", scenario, then.Hash, hash)
	}
	if !slices.ContainsFunc(seeds, func(s uint64) bool { return slices.Contains(then.Seeds, s) }) {
		return nil, fmt.Errorf("%s has no seed in common with the baseline: seeds %s, now %s", scenario, seedList(then.Seeds), seedList(seeds))
	}
	return then, nil
}

func pair(before, after []*simulate.Result) (pairs [][2]*simulate.Result) {
	for _, now := range after {
		for _, then := range before {
			if then.Seed == now.Seed {
				pairs = append(pairs, [2]*simulate.Result{then, now})
				break
			}
		}
	}
	return pairs
}

func change(pairs [][2]*simulate.Result, metric string) (Change, bool) {
	var before, after, moved []float64
	for _, p := range pairs {
		x, errX := p[0].Metric(metric)
		y, errY := p[1].Metric(metric)
		if errX == nil && errY == nil {
			before, after, moved = append(before, x), append(after, y), append(moved, y-x)
		}
	}
	d := simulate.Estimated(moved)
	c := Change{Metric: metric, Before: simulate.Estimated(before).Mean, After: simulate.Estimated(after).Mean}
	c.Worse = d.Mean*float64(better(metric)) < 0
	return c, math.Abs(d.Mean) > Tolerance*math.Abs(c.Before) && math.Abs(d.Mean) > d.Half
}

// Changes writes what a comparison with the baseline of a name found, and whether
// anything got worse.
func Changes(w io.Writer, name string, changes []Change, compared int, look Look) (worse bool) {
	n := [2]int{}
	for _, c := range changes {
		if c.Worse {
			n[1]++
		} else {
			n[0]++
		}
	}
	verdict := fmt.Sprintf("%d worse, %d better, %d as before (within %.0f %%)", n[1], n[0], compared-len(changes), 100*Tolerance)
	fmt.Fprintf(w, "against %s: %s\n", printable(name), verdict)
	if len(changes) == 0 {
		return false
	}
	rows := [][]string{{"scenario", "guard", "metric", "before", "now", "change", ""}}
	for _, c := range changes {
		word := "better"
		if c.Worse {
			word = "worse"
		}
		rows = append(rows, []string{printable(c.Scenario), printable(c.Guard), c.Metric, format(c.Metric, c.Before), format(c.Metric, c.After), relative(c), word})
	}
	fmt.Fprintln(w)
	for i, line := range align(rows) {
		if i > 0 && changes[i-1].Worse {
			line = paint(line, asciigraph.Red, look.Color)
		}
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
	return n[1] > 0
}

func relative(c Change) string {
	if c.Before == 0 {
		return "from 0"
	}
	return fmt.Sprintf("%+.1f%%", 100*(c.After-c.Before)/math.Abs(c.Before))
}
