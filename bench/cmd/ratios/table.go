package main

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A sample is one line of output.
type sample struct {
	ns, bytes, allocs float64
	fairness          float64 // max/min of what goroutines got; 0 if not measured
}

// key names a row and a column of the table.
type key struct{ mode, contender string }

// results are all samples, in the order of their rounds.
type results struct {
	machine    []string // goos, goarch and cpu lines
	modes      []string // in order of appearance
	contenders []string
	samples    map[key][]sample
}

var line = regexp.MustCompile(`^Benchmark\w+/([^/]+)/(\S+?)(?:-\d+)?\s+\d+\s+(.*)$`)

func read(from io.Reader) (*results, error) {
	r := &results{samples: map[key][]sample{}}
	in := bufio.NewScanner(from)
	for n := 1; in.Scan(); n++ {
		text := in.Text()
		for _, about := range []string{"goos: ", "goarch: ", "cpu: "} {
			if v, ok := strings.CutPrefix(text, about); ok {
				r.machine = add(r.machine, strings.TrimSpace(v))
			}
		}
		m := line.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		s, err := parse(m[3])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		k := key{m[1], m[2]}
		r.modes, r.contenders = add(r.modes, k.mode), add(r.contenders, k.contender)
		r.samples[k] = append(r.samples[k], s)
	}
	return r, in.Err()
}

// parse reads "60.4 ns/op	0 B/op	0 allocs/op".
func parse(values string) (s sample, err error) {
	fields := strings.Fields(values)
	for i := 1; i < len(fields); i += 2 {
		v, err := strconv.ParseFloat(fields[i-1], 64)
		if err != nil {
			return s, fmt.Errorf("%q is not a number", fields[i-1])
		}
		switch fields[i] {
		case "ns/op":
			s.ns = v
		case "B/op":
			s.bytes = v
		case "allocs/op":
			s.allocs = v
		case "max/min":
			s.fairness = v
		}
	}
	if s.ns <= 0 {
		return s, fmt.Errorf("no ns/op in %q", values)
	}
	return s, nil
}

func add(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// write prints the table. A ratio is the median of the ratios to base in the
// same round, so that what slows the machine down for a while cancels out.
func (r *results) write(w io.Writer, title, by, base string) error {
	if len(r.modes) == 0 {
		return fmt.Errorf("no line of BenchmarkAdmit")
	}
	rounds := len(r.samples[key{r.modes[0], base}])
	for _, mode := range r.modes {
		for _, c := range r.contenders {
			if n := len(r.samples[key{mode, c}]); n != rounds {
				return fmt.Errorf("%s/%s has %d samples, must have %d as %s/%s has", mode, c, n, rounds, r.modes[0], base)
			}
		}
	}
	fmt.Fprintf(w, "# %s\n\n", title)
	fmt.Fprintf(w, "Made by `%s ROUNDS=%d` on %s. ns are medians over the rounds, in brackets the\n", by, rounds, strings.Join(r.machine, ", "))
	fmt.Fprintf(w, "lowest and highest; /%s is the median of the ratios to it in the same round.\n\n", base)
	fair := r.fair()
	if fair {
		fmt.Fprint(w, "max/min is the median of what the goroutine with the most admissions had for each of the one with\nthe fewest.\n\n")
	}
	fmt.Fprint(w, "| |")
	for _, mode := range r.modes {
		fmt.Fprintf(w, " %s ns | /%s |", mode, base)
	}
	if fair {
		fmt.Fprintf(w, " max/min |\n|---|%s--:|\n", strings.Repeat("--:|--:|", len(r.modes)))
	} else {
		fmt.Fprintf(w, " B/op | allocs/op |\n|---|%s--:|--:|\n", strings.Repeat("--:|--:|", len(r.modes)))
	}
	for _, c := range r.contenders {
		fmt.Fprintf(w, "| %s |", c)
		var all []sample
		for _, mode := range r.modes {
			mine := r.samples[key{mode, c}]
			all = append(all, mine...)
			ns := pick(mine, func(i int) float64 { return mine[i].ns })
			ratio := pick(mine, func(i int) float64 { return mine[i].ns / r.samples[key{mode, base}][i].ns })
			fmt.Fprintf(w, " %s (%s–%s) | %.2f |", short(median(ns)), short(ns[0]), short(ns[len(ns)-1]), median(ratio))
		}
		if fair {
			fmt.Fprintf(w, " %.2f |\n", median(pick(all, func(i int) float64 { return all[i].fairness })))
			continue
		}
		bytes := pick(all, func(i int) float64 { return all[i].bytes })
		allocs := pick(all, func(i int) float64 { return all[i].allocs })
		fmt.Fprintf(w, " %.0f | %.0f |\n", median(bytes), allocs[len(allocs)-1])
	}
	return nil
}

// fair reports whether fairness was measured.
func (r *results) fair() bool {
	for _, all := range r.samples {
		for _, s := range all {
			if s.fairness > 0 {
				return true
			}
		}
	}
	return false
}

// short is v to three digits, or to the whole number if that has more.
func short(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// pick returns f of each sample, sorted.
func pick(of []sample, f func(i int) float64) []float64 {
	v := make([]float64, len(of))
	for i := range of {
		v[i] = f(i)
	}
	slices.Sort(v)
	return v
}

func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
