package speed

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// A series is one contender in one mode of a group.
type series struct{ group, mode, contender string }

// sample is what one round made of a series.
type sample struct {
	ns, bytes, allocs float64
	fairness          float64 // max/min of what goroutines got; 0 if not measured
}

// Measured is what all rounds made of all series.
type Measured struct {
	Machine string // system, architecture and processor
	Rounds  int

	modes      map[string][]string // of each group, in order of appearance
	contenders map[string][]string
	samples    map[series][]sample // in the order of the rounds
}

// read takes the samples from the output of the benchmarks.
func read(from io.Reader) (*Measured, error) {
	m := &Measured{modes: map[string][]string{}, contenders: map[string][]string{}, samples: map[series][]sample{}}
	in := benchfmt.NewReader(from, "benchmarks")
	for in.Scan() {
		switch r := in.Result().(type) {
		case *benchfmt.SyntaxError:
			return nil, r
		case *benchfmt.Result:
			s, err := seriesOf(r)
			if err != nil {
				return nil, err
			}
			m.Machine = fmt.Sprintf("%s, %s, %s", r.GetConfig("goos"), r.GetConfig("goarch"), strings.TrimSpace(r.GetConfig("cpu")))
			m.modes[s.group] = add(m.modes[s.group], s.mode)
			m.contenders[s.group] = add(m.contenders[s.group], s.contender)
			m.samples[s] = append(m.samples[s], sampleOf(r))
		}
	}
	if err := in.Err(); err != nil {
		return nil, err
	}
	return m, m.check()
}

// check finds series that lack a round. A ratio would otherwise be of two rounds.
func (m *Measured) check() error {
	for s, all := range m.samples {
		m.Rounds = max(m.Rounds, len(all))
		for i := range all {
			if all[i].ns <= 0 {
				return fmt.Errorf("%s has no ns/op in round %d", s, i+1)
			}
		}
	}
	for _, g := range groups {
		if len(m.modes[g.name]) == 0 {
			return fmt.Errorf("nothing was measured for %s", g.name)
		}
		for _, mode := range m.modes[g.name] {
			for _, c := range m.contenders[g.name] {
				if s := (series{g.name, mode, c}); len(m.samples[s]) != m.Rounds {
					return fmt.Errorf("%s has %d samples, must have %d", s, len(m.samples[s]), m.Rounds)
				}
			}
		}
	}
	return nil
}

func (s series) String() string { return s.group + ": " + s.contender + ", " + s.mode }

// seriesOf reads "Pool/empty,workers=2/pond_go-2".
func seriesOf(r *benchfmt.Result) (series, error) {
	name, parts := r.Name.Parts()
	if n := len(parts); n == 3 && parts[2][0] == '-' {
		parts = parts[:2]
	}
	if len(parts) != 2 {
		return series{}, fmt.Errorf("benchmark %s is not named for a mode and a contender", r.Name)
	}
	mode, contender := string(parts[0][1:]), string(parts[1][1:])
	group := strings.ToLower(string(name))
	if tasks, workers, of := strings.Cut(mode, ","); of {
		mode = workers
		if tasks != "empty" {
			group += "-" + tasks
		}
	}
	return series{group, mode, contender}, nil
}

func sampleOf(r *benchfmt.Result) (s sample) {
	for _, v := range r.Values {
		switch v.Unit {
		case "sec/op":
			s.ns = v.Value * 1e9
		case "B/op":
			s.bytes = v.Value
		case "allocs/op":
			s.allocs = v.Value
		case "max/min":
			s.fairness = v.Value
		}
	}
	return s
}

func add(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
