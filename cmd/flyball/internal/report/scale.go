package report

import (
	"math"
	"time"
)

// A Scale places values on the vertical axis of a Panel.
type Scale interface {
	At(value float64) float64 // position of a value; NaN stays NaN
	// Bounds widens the positions lo…hi to whole rows and says how many.
	Bounds(lo, hi float64) (low, high float64, rows int)
	Label(position float64) string
}

// Linear starts at 0 and has rows at round numbers.
type Linear struct{}

// At returns the value itself.
func (Linear) At(v float64) float64 { return v }

// Bounds keeps 0 as the lowest row.
func (Linear) Bounds(_, hi float64) (low, high float64, rows int) {
	step := roundUp(max(hi, 1) / chartRows)
	rows = max(int(math.Ceil(hi/step-1e-9)), 1)
	return 0, step * float64(rows), rows
}

// Label returns the number, in thousands or millions where it is long.
func (Linear) Label(v float64) string { return Count(v) }

// Ruler125 is for durations in nanoseconds that span orders of magnitude: its
// marks are 1, 2, 5, 10, 20, 50 …, a row or two apart.
type Ruler125 struct{}

var marks125 = [4]float64{1, 2, 5, 10}

// At interpolates between the rows on the logarithm.
func (Ruler125) At(v float64) float64 {
	decade := math.Floor(math.Log10(v))
	if math.IsNaN(decade) || math.IsInf(decade, 0) {
		return decade
	}
	m := v / math.Pow(10, decade)
	i := 0
	for i < 2 && m >= marks125[i+1] {
		i++
	}
	return 3*decade + float64(i) + math.Log(m/marks125[i])/math.Log(marks125[i+1]/marks125[i])
}

// Bounds has at least two marks, so that a constant is seen to be one, and rows
// between the marks if there are few.
func (Ruler125) Bounds(lo, hi float64) (low, high float64, rows int) {
	low, high = math.Floor(lo+1e-9), math.Ceil(hi-1e-9)
	high = max(high, low+2)
	rows = int(high - low)
	if rows <= chartRows/2+1 {
		rows *= 2
	}
	return low, high, rows
}

// Label returns the duration of a mark, and nothing between two.
func (Ruler125) Label(position float64) string {
	row := int(math.Round(position))
	if math.Abs(position-float64(row)) > 0.25 {
		return ""
	}
	decade := int(math.Floor(float64(row) / 3))
	return Duration(time.Duration(math.Round(marks125[row-3*decade] * math.Pow(10, float64(decade)))))
}

// roundUp returns the lowest of 1, 2, 5, 10, 20, 50 … that is not below v.
func roundUp(v float64) float64 {
	p := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range marks125 {
		if m*p >= v*(1-1e-9) {
			return m * p
		}
	}
	return 10 * p
}
