package report

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/guptarohit/asciigraph"
)

const (
	chartColumns = 60 // a column is 1/60 of the run; with labels the chart stays within 80 columns
	chartRows    = 6  // of the limit's panel; the latency's panel is as high as its range asks for
	chartLabel   = 6  // runes of a label on the vertical axis, "100 ms"
	chartLeft    = chartLabel + 3
)

// A Line is one curve of a Panel: values at equal steps over the whole run, NaN
// where there is none.
type Line struct {
	Name   string
	Values []float64
	Glyph  string               // what it is drawn with; "" means box-drawing lines
	Color  asciigraph.AnsiColor // used only in colour
}

// A Panel is one part of a Chart, with a vertical axis of its own. Lines are
// drawn in order, later ones over earlier ones.
type Panel struct {
	Title string
	Scale Scale
	Lines []Line
}

// A Chart is panels over one time axis, as text of at most 80 columns.
type Chart struct {
	Span    time.Duration
	Changes []time.Duration // marked under the axis
	Panels  []Panel
	Color   bool // with escape codes, for a terminal
}

// String returns the chart, ending in a newline. Panels without a finite value
// say so in place of a picture.
func (c Chart) String() string {
	var b strings.Builder
	for i, p := range c.Panels {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.heading(c.Color))
		b.WriteString(p.plot(c.Color))
	}
	b.WriteString(c.axis())
	return b.String()
}

func (p Panel) heading(color bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%*s%s", chartLeft, "", p.Title)
	for _, l := range p.Lines {
		if l.Name == "" {
			continue
		}
		glyph := l.Glyph
		if glyph == "" {
			glyph = "─"
		}
		b.WriteString("   ")
		b.WriteString(paint(strings.Repeat(glyph, 2), l.Color, color))
		b.WriteString(" " + l.Name)
	}
	return b.String() + "\n"
}

func (p Panel) plot(color bool) string {
	lo, hi := math.Inf(1), math.Inf(-1)
	data := make([][]float64, len(p.Lines))
	for i, l := range p.Lines {
		data[i] = columns(l.Values)
		for j, v := range data[i] {
			v = p.Scale.At(v)
			if math.IsInf(v, 0) {
				v = math.NaN() // a zero on a scale that has none
			}
			data[i][j] = v
			if !math.IsNaN(v) {
				lo, hi = min(lo, v), max(hi, v)
			}
		}
	}
	if lo > hi {
		return fmt.Sprintf("%*s(no calls)\n", chartLeft, "")
	}
	lo, hi, rows := p.Scale.Bounds(lo, hi)
	options := []asciigraph.Option{
		asciigraph.Height(rows), asciigraph.LowerBound(lo), asciigraph.UpperBound(hi),
		asciigraph.YAxisValueFormatter(func(v float64) string {
			return fmt.Sprintf("%*s", chartLabel, p.Scale.Label(v))
		}),
	}
	chars := make([]asciigraph.CharSet, len(p.Lines))
	colors := make([]asciigraph.AnsiColor, len(p.Lines))
	for i, l := range p.Lines {
		chars[i] = asciigraph.DefaultCharSet
		if l.Glyph != "" {
			chars[i] = asciigraph.CreateCharSet(l.Glyph)
		}
		if color {
			colors[i] = l.Color
		}
	}
	options = append(options, asciigraph.SeriesChars(chars...), asciigraph.SeriesColors(colors...))
	return asciigraph.PlotMany(data, options...) + "\n"
}

// axis is the time axis with its labels and the marks of the changes.
func (c Chart) axis() string {
	line := []rune("└" + strings.Repeat("─", chartColumns) + "─")
	labels := []rune(strings.Repeat(" ", chartLeft+chartColumns+8))
	span, unit, n := ticks(c.Span)
	for i := range n + 1 {
		col := int(math.Round(float64(chartColumns*i) / float64(n)))
		line[1+col] = '┬'
		number := fmt.Sprintf("%.4g", span*float64(i)/float64(n))
		at := chartLeft + col - (len(number)-1)/2
		if i == n {
			number += " " + unit
		}
		copy(labels[at:], []rune(number))
	}
	out := strings.Repeat(" ", chartLeft-1) + string(line) + "\n"
	if marks := c.marks(); marks != "" {
		out += marks + "\n"
	}
	return out + strings.TrimRight(string(labels), " ") + "\n"
}

func (c Chart) marks() string {
	if len(c.Changes) == 0 || c.Span <= 0 {
		return ""
	}
	row := []rune(strings.Repeat(" ", chartLeft+chartColumns+1))
	for _, at := range c.Changes {
		if at >= 0 && at <= c.Span {
			row[chartLeft+int(math.Round(chartColumns*float64(at)/float64(c.Span)))] = '▲'
		}
	}
	return strings.TrimRight(string(row), " ") + "  change"
}

var units = []struct {
	name string
	size time.Duration
	from time.Duration // spans of so much are told in it, if it divides them well
}{
	{"h", time.Hour, 5 * time.Hour},
	{"min", time.Minute, 20 * time.Minute},
	{"s", time.Second, 2 * time.Second},
	{"ms", time.Millisecond, 2 * time.Millisecond},
	{"µs", time.Microsecond, 0},
}

// ticks chooses the unit of the time axis and into how many parts it is cut, so
// that the labels are whole numbers if they can be.
func ticks(d time.Duration) (span float64, unit string, n int) {
	for _, u := range units {
		if d < u.from {
			continue
		}
		s := float64(d) / float64(u.size)
		if unit == "" {
			span, unit, n = s, u.name, 4
		}
		if s > 9999 {
			break
		}
		for _, parts := range []int{6, 4, 5, 3, 8} {
			if part := s / float64(parts); part == math.Trunc(part) {
				return s, u.name, parts
			}
		}
	}
	return span, unit, n
}

// columns brings values to one per column, their mean, and repeats the last for
// the right edge.
func columns(values []float64) []float64 {
	out := make([]float64, chartColumns+1)
	for c := range chartColumns {
		from := c * len(values) / chartColumns
		to := min(max((c+1)*len(values)/chartColumns, from+1), len(values))
		sum, n := 0.0, 0
		for _, v := range values[from:to] {
			if !math.IsNaN(v) {
				sum, n = sum+v, n+1
			}
		}
		out[c] = sum / float64(n) // NaN of none
	}
	out[chartColumns] = out[chartColumns-1]
	return out
}

func paint(s string, color asciigraph.AnsiColor, on bool) string {
	if !on || color == asciigraph.Default {
		return s
	}
	return color.String() + s + asciigraph.Default.String()
}
