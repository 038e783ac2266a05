package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/flyball-go/flyball/bench/peers"
)

// row is a named scenario with its scores averaged over its seeds, or a random one.
type row struct {
	set    set
	name   string
	scores [][]float64 // of each guard, by seed
}

func rowsOf(o *options, matches []match) []row {
	var rows []row
	for _, m := range matches {
		n := len(rows)
		if n == 0 || rows[n-1].name != m.sc.Name {
			rows = append(rows, row{m.set, m.sc.Name, make([][]float64, len(o.guards))})
			n++
		}
		for g, guard := range o.guards {
			rows[n-1].scores[g] = append(rows[n-1].scores[g], m.of(guard).Score)
		}
	}
	return rows
}

// summary is how a guard did in a set of runs.
type summary struct {
	mean, worst, tenth float64 // tenth is the 10th percentile
	in                 string  // where it was worst
	n                  int
}

func summarize(rows []row, g int, in func(set) bool) summary {
	s := summary{worst: math.Inf(1)}
	var all []float64
	for _, r := range rows {
		if !in(r.set) {
			continue
		}
		for _, x := range r.scores[g] {
			all = append(all, x)
			s.mean += x
			if x < s.worst {
				s.worst, s.in = x, r.name
			}
		}
	}
	if s.n = len(all); s.n == 0 {
		return s
	}
	slices.Sort(all)
	s.mean /= float64(s.n)
	s.tenth = all[(s.n-1)/10]
	return s
}

func mean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum / float64(len(xs))
}

// lead is by how much another guard must be better for it to be told.
const lead = 0.05

func writeTables(w io.Writer, o *options, args []string, matches []match) error {
	rows := rowsOf(o, matches)
	p := &printer{w: w}
	p.printf("# How the laws do\n\nMade by `go run ./bench/cmd/league control%s`.\n", quoted(args))
	p.printf("Scores are against an oracle that knows the capacity at all times (docs/validation.md); 1 is as good as it.\n")
	if len(o.seeds) > 0 {
		p.printf("Seeds of the named scenarios: %s. ", joined(o.seeds))
	}
	if len(o.random) > 0 {
		p.printf("Seeds of the random ones: %s, %d of each.", joined(o.random), o.count)
	}
	p.printf("\n")
	p.summary(o, rows)
	p.origins(o)
	p.ranks(o, rows)
	p.leaders(o, rows)
	if !o.brief {
		p.scenarios(o, rows, named, "## Every named scenario")
		p.scenarios(o, rows, random, "## Every random scenario")
	}
	return p.err
}

// printer remembers the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// sets are what is summed up.
var sets = []struct {
	title string
	in    func(set) bool
}{
	{"named", func(s set) bool { return s == named }},
	{"random", func(s set) bool { return s == random }},
	{"all", func(set) bool { return true }},
}

func (p *printer) summary(o *options, rows []row) {
	p.printf("\n| guard |")
	for _, s := range sets {
		p.printf(" %s: mean of %d | worst | 10th pct |", s.title, summarize(rows, 0, s.in).n)
	}
	p.printf(" worst in |\n|---|%s---|\n", strings.Repeat("--:|--:|--:|", len(sets)))
	for g, guard := range o.guards {
		p.printf("| `%s` |", guard)
		for _, s := range sets {
			if sum := summarize(rows, g, s.in); sum.n > 0 {
				p.printf(" %.3f | %.3f | %.3f |", sum.mean, sum.worst, sum.tenth)
			} else {
				p.printf(" – | – | – |")
			}
		}
		p.printf(" %s |\n", summarize(rows, g, sets[2].in).in)
	}
}

// origins says of each peer what it is.
func (p *printer) origins(o *options) {
	told := false
	for _, g := range o.guards {
		peer, err := peers.Find(g)
		if err != nil {
			continue
		}
		if !told {
			p.printf("\nPeers, each from 1 to 100,000 and started where it starts by itself:\n\n")
			told = true
		}
		p.printf("- `%s`: %s\n", g, peer.Origin)
	}
}

// shown is how many of a ranking are named, besides the first guard.
const shown = 3

// ranks says where the first guard stands among those that were not told the capacity.
func (p *printer) ranks(o *options, rows []row) {
	p.printf("\n## Where `%s` stands\n\nAmong all that were not told the capacity.\n\n", o.guards[0])
	for _, s := range sets {
		if summarize(rows, 0, s.in).n == 0 {
			continue
		}
		for _, by := range []struct {
			what  string
			score func(summary) float64
		}{
			{"mean", func(s summary) float64 { return s.mean }},
			{"worst case", func(s summary) float64 { return s.worst }},
		} {
			p.ranking(o, s.title+", by "+by.what, func(g int) float64 { return by.score(summarize(rows, g, s.in)) })
		}
	}
}

func (p *printer) ranking(o *options, what string, score func(guard int) float64) {
	var order []int
	for g, guard := range o.guards {
		if g == 0 || !told(guard) {
			order = append(order, g)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(score(b), score(a)) })
	rank := slices.Index(order, 0) + 1
	p.printf("- %s: **%d of %d**:", what, rank, len(order))
	for i, g := range order[:min(max(shown, rank), len(order))] {
		if i > 0 {
			p.printf(",")
		}
		p.printf(" `%s` %.3f", o.guards[g], score(g))
	}
	p.printf("\n")
}

// told reports whether a guard is a fixed limit, which somebody had to know.
func told(guard string) bool { return strings.HasPrefix(guard, "fixed") }

// leaders lists where another guard that needs no knowledge of the downstream is
// better than the first by more than lead.
func (p *printer) leaders(o *options, rows []row) {
	p.printf("\n## Where another is better than `%s` by more than %.2f\n\n", o.guards[0], lead)
	any := false
	for _, r := range rows {
		own := mean(r.scores[0])
		var better []string
		for g, guard := range o.guards {
			if x := mean(r.scores[g]); !told(guard) && guard != "none" && x > own+lead {
				better = append(better, fmt.Sprintf("`%s` %.3f", guard, x))
			}
		}
		if len(better) > 0 {
			p.printf("- %s: %.3f, but %s\n", r.name, own, strings.Join(better, ", "))
			any = true
		}
	}
	if !any {
		p.printf("Nowhere.\n")
	}
}

func (p *printer) scenarios(o *options, rows []row, of set, title string) {
	if !slices.ContainsFunc(rows, func(r row) bool { return r.set == of }) {
		return
	}
	p.printf("\n%s\n\n| |", title)
	for _, guard := range o.guards {
		p.printf(" `%s` |", guard)
	}
	p.printf("\n|---|%s\n", strings.Repeat("--:|", len(o.guards)))
	for _, r := range rows {
		if r.set != of {
			continue
		}
		p.printf("| %s |", r.name)
		for g := range o.guards {
			p.printf(" %.3f |", mean(r.scores[g]))
		}
		p.printf("\n")
	}
}

func joined(seeds []uint64) string {
	var parts []string
	for _, s := range seeds {
		parts = append(parts, fmt.Sprint(s))
	}
	return strings.Join(parts, ", ")
}

// quoted are the arguments as a shell reads them.
func quoted(args []string) string {
	text := ""
	for _, a := range args {
		if strings.ContainsAny(a, " |*?$()[]'\"\\") || a == "" {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		text += " " + a
	}
	return text
}
