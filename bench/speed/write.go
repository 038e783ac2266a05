package speed

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Write writes a file for each group into dir, and speed.md: every figure that was
// wanted beside what it is, and every contest.
func (m *Measured) Write(dir, by string) error {
	files := map[string]string{}
	for _, g := range groups {
		files[g.name] = m.table(g, by)
	}
	text, err := m.Judge(by)
	if err != nil {
		return err
	}
	files["speed"] = text
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name+".md"), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// origin says how figures came about.
func (m *Measured) origin(by string) string {
	return fmt.Sprintf("Made by `%s` in %d rounds on %s.\n", by, m.Rounds, m.Machine)
}

// table shows a group: what each contender takes in each mode, and as a multiple of
// the group's base.
func (m *Measured) table(g group, by string) string {
	modes := m.modes[g.name]
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s", g.title, m.origin(by))
	fmt.Fprintf(&b, "ns are medians over the rounds; /%s is the median of the ratios to it in the same round, and in\nbrackets what holds the true median with 95 %% confidence.\n", g.base)
	fair := m.samples[series{g.name, modes[0], g.base}][0].fairness > 0
	last := []string{"B/op", "allocs/op"}
	if fair {
		last = []string{"max/min"}
		b.WriteString("max/min is what the goroutine with the most admissions had for each of the one with the fewest.\n")
	}
	b.WriteString("\n| |")
	for _, mode := range modes {
		fmt.Fprintf(&b, " %s ns | /%s |", mode, g.base)
	}
	fmt.Fprintf(&b, " %s |\n|---|%s%s\n", strings.Join(last, " | "), strings.Repeat("--:|--:|", len(modes)), strings.Repeat("--:|", len(last)))
	for _, c := range m.contenders[g.name] {
		fmt.Fprintf(&b, "| %s |", c)
		var bytes, allocs, spread []float64
		for _, mode := range modes {
			s := series{g.name, mode, c}
			ratio, _ := m.ratio(g.name, mode, c, "", g.base) // both were measured, see check
			fmt.Fprintf(&b, " %s | %s |", short(estimateOf(m.each(s, sample.time)).median), ratio)
			bytes = append(bytes, m.each(s, sample.memory)...)
			allocs = append(allocs, m.each(s, sample.allocations)...)
			spread = append(spread, m.each(s, sample.spread)...)
		}
		if fair {
			fmt.Fprintf(&b, " %s |\n", estimateOf(spread))
		} else {
			fmt.Fprintf(&b, " %.0f | %.0f |\n", estimateOf(bytes).median, estimateOf(allocs).median)
		}
	}
	return b.String()
}

// Judge returns every figure that was wanted and every contest, in words.
func (m *Measured) Judge(by string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "# Speed\n\n%s", m.origin(by))
	b.WriteString(`Figures are medians of ratios measured in the same round, in brackets what holds the true median with 95 %
confidence: a bound within it is left open.
`)
	for _, part := range sections {
		fmt.Fprintf(&b, "\n## %s\n\n", part.title)
		for _, w := range part.all {
			lines, err := w.lines(m)
			if err != nil {
				return "", err
			}
			for _, l := range lines {
				fmt.Fprintf(&b, "- %s\n", l)
			}
		}
	}
	b.WriteString("\n## Beside others\n\nOurs to theirs: below 1 is ahead. Where ours is behind, docs/limits.md has the reason.\n")
	for _, c := range contests {
		text, err := m.contest(c)
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

func (m *Measured) contest(c contest) (string, error) {
	var b strings.Builder
	modes := m.modes[c.group]
	fmt.Fprintf(&b, "\n%s: `%s` to\n\n| | %s |\n|---|%s\n", c.title, c.ours, strings.Join(modes, " | "), strings.Repeat("--:|", len(modes)))
	for _, rival := range c.rivals {
		fmt.Fprintf(&b, "| %s |", rival)
		for _, mode := range modes {
			e, err := m.ratio(c.group, mode, c.ours, "", rival)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&b, " %s %s |", e, outcome(e))
		}
		b.WriteString("\n")
	}
	return b.String(), nil
}
