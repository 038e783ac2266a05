package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/flyball-go/flyball/cmd/flyball/load"
)

// loadChart is a chart of a LoadPage, in units of its picture.
type loadChart struct {
	Name, XName string
	X, Y        []tick
	Ideal       string // path of what was asked for; "" for none
	Knee        *tick
	Curves      []loadCurve

	Left, Right, Top, Bottom, Tick, LabelX, LabelY float64
}

type tick struct {
	At    float64
	Label string
}

type loadCurve struct {
	Name, Colour, Path string
	Dashed             bool
	Spots              []spot
}

type spot struct {
	X, Y   float64
	Hollow bool
	Says   string
}

// point is what a spot is of.
type point struct {
	x, y   float64
	hollow bool
	says   string
}

// An axis maps values to the picture, on a logarithmic scale or from 0.
type axis struct {
	low, high, from, to float64
	log                 bool
}

func (a axis) at(v float64) float64 {
	if a.log {
		v = math.Log(max(v, a.low)/a.low) / math.Log(a.high/a.low)
	} else {
		v = (v - a.low) / (a.high - a.low)
	}
	return math.Round(10*(a.from+v*(a.to-a.from))) / 10
}

// axisOf covers all values and has about so many marks, at 1, 2 or 5 times a power
// of ten.
func axisOf(values []float64, log bool, from, to float64, label func(float64) string) (axis, []tick) {
	values = slices.DeleteFunc(values, func(v float64) bool { return v <= 0 || math.IsNaN(v) || math.IsInf(v, 0) })
	if len(values) == 0 {
		values = []float64{1}
	}
	a := axis{0, 1.08 * slices.Max(values), from, to, log}
	if log {
		a.low, a.high = slices.Min(values)/1.2, slices.Max(values)*1.2
	}
	var marks []tick
	add := func(v float64) {
		if v >= a.low && v <= a.high {
			marks = append(marks, tick{a.at(v), label(v)})
		}
	}
	if !log {
		step := math.Pow(10, math.Floor(math.Log10(a.high)))
		for _, f := range []float64{0.1, 0.2, 0.5, 1} {
			if a.high/(step*f) <= 6 {
				step *= f
				break
			}
		}
		for v := 0.0; v <= a.high; v += step {
			add(v)
		}
		return a, marks
	}
	for decade := math.Floor(math.Log10(a.low)); decade <= math.Log10(a.high); decade++ {
		for _, f := range []float64{1, 2, 5} {
			add(f * math.Pow(10, decade))
		}
	}
	return a, marks
}

// series is a curve before it has a place.
type series struct {
	name, colour string
	dashed       bool
	points       []point
}

// chartOf draws series over rates. The curve goes through the last point of each x.
func chartOf(name string, logY bool, label func(float64) string, xName string, logX bool, knee float64, ideal bool, all []series) loadChart {
	c := loadChart{Name: name, XName: xName, Left: 58, Right: 552, Top: 12, Bottom: 222}
	c.Tick, c.LabelX, c.LabelY = c.Bottom+5, c.Left-8, c.Bottom+20
	var xs, ys []float64
	for _, s := range all {
		for _, p := range s.points {
			xs, ys = append(xs, p.x), append(ys, p.y)
		}
	}
	x, xMarks := axisOf(xs, logX, c.Left, c.Right, Count)
	y, yMarks := axisOf(ys, logY, c.Bottom, c.Top, label)
	c.X, c.Y = xMarks, yMarks
	if knee > 0 {
		c.Knee = &tick{x.at(knee), "knee"}
	}
	if ideal && len(xs) > 0 {
		var b strings.Builder
		for i := range 41 {
			r := x.low * math.Pow(x.high/x.low, float64(i)/40)
			if r > y.high {
				break
			}
			fmt.Fprintf(&b, "%c%g %g", "ML"[min(i, 1)], x.at(r), y.at(r))
		}
		c.Ideal = b.String()
	}
	for _, s := range all {
		curve := loadCurve{Name: s.name, Colour: s.colour, Dashed: s.dashed}
		last := map[float64]point{}
		for _, p := range s.points {
			last[p.x] = p
			if !s.dashed {
				curve.Spots = append(curve.Spots, spot{x.at(p.x), y.at(p.y), p.hollow, p.says})
			}
		}
		var b strings.Builder
		for i, p := range slices.SortedFunc(maps.Values(last), func(a, b point) int { return cmpFloat(a.x, b.x) }) {
			fmt.Fprintf(&b, "%c%g %g", "ML"[min(i, 1)], x.at(p.x), y.at(p.y))
		}
		curve.Path = b.String()
		c.Curves = append(c.Curves, curve)
	}
	return c
}

// stepCharts are goodput and response times over the rate.
func stepCharts(r *load.Run) []loadChart {
	var good, p50, p99, service []point
	for _, s := range r.Steps {
		if s.Cut || s.Why == load.GeneratorAtLimit {
			continue // tells nothing of the target
		}
		says := fmt.Sprintf("%s calls/s: %s/s, p50 %s, p99 %s, %s", Count(s.Rate), Count(s.Goodput), Duration(s.Response.P50), Duration(s.Response.P99), verdict(&s))
		at := func(y float64) point { return point{s.Rate, y, !s.Passed, says} }
		good = append(good, at(s.Goodput))
		p50, p99 = append(p50, at(s.Response.P50.Seconds())), append(p99, at(s.Response.P99.Seconds()))
		service = append(service, at(s.Service.P99.Seconds()))
	}
	knee := 0.0
	if r.Knee != nil {
		knee = r.Knee.Rate
	}
	return []loadChart{
		chartOf("Goodput, calls/s", false, Count, "calls/s asked for", true, knee, true, []series{{"", "h0", false, good}}),
		chartOf("Times", true, Seconds, "calls/s asked for", true, knee, false, []series{{"p99 service", "r1", true, service}, {"p50 response", "h2", false, p50}, {"p99 response", "h1", false, p99}}),
	}
}

// cellCharts are what was measured and predicted, with a guard and without.
func cellCharts(v *load.Verified) []loadChart {
	var good, slow []series
	for _, guarded := range []bool{true, false} {
		colour := map[bool]string{true: "h0", false: "h1"}[guarded]
		var measured, predicted, times, predictedTimes []point
		for _, c := range v.Cells {
			if c.Guarded != guarded {
				continue
			}
			m := &c.Measured
			says := fmt.Sprintf("%s at %g × the knee: %s/s, predicted %s/s; p99 %s, predicted %s", clientOf(guarded), c.Times, Count(m.Goodput), Count(c.Predicted.Goodput), Duration(m.Waited.P99), Duration(c.Predicted.P99))
			measured = append(measured, point{c.Times, m.Goodput, false, says})
			predicted = append(predicted, point{c.Times, c.Predicted.Goodput, false, ""})
			times = append(times, point{c.Times, m.Waited.P99.Seconds(), false, says})
			predictedTimes = append(predictedTimes, point{c.Times, c.Predicted.P99.Seconds(), false, ""})
		}
		good = append(good, series{clientOf(guarded), colour, false, measured}, series{"", colour, true, predicted})
		slow = append(slow, series{clientOf(guarded), colour, false, times}, series{"", colour, true, predictedTimes})
	}
	return []loadChart{
		chartOf("Goodput, calls/s", false, Count, "times the knee", false, 1, false, good),
		chartOf("p99, time-outs included", true, Seconds, "times the knee", false, 1, false, slow),
	}
}
