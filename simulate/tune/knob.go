package tune

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Scale is how a knob's range is walked.
type Scale string

const (
	Linear Scale = "linear" // equal steps; the zero Scale means this too
	Log    Scale = "log"    // equal factors
	Choice Scale = "choice" // one of a list
)

// kind is what a knob's value is.
type kind uint8

const (
	number kind = iota
	whole
	duration
	word
)

// A Knob is a number of a Setting that a search turns.
type Knob struct {
	Path  string // where a file has it, such as "limiter.queue" or "law.vegas.alpha"
	Scale Scale
	Min   float64  // of a range; a duration in nanoseconds
	Max   float64  // of a range
	Among []string // of a Choice

	kind   kind
	law    string // without this law it does nothing; "" means that it always does something
	values []float64
	line   int
	set    func(d *draft, x float64)
}

// categorical reports whether neighbours have nothing in common.
func (k *Knob) categorical() bool { return k.Scale == Choice }

// at is the value at u, from 0 to 1, rounded to what a person would write.
func (k *Knob) at(u float64) float64 {
	u = min(max(u, 0), 1)
	switch k.Scale {
	case Choice:
		i := min(int(u*float64(len(k.Among))), len(k.Among)-1)
		if k.kind == word {
			return float64(i)
		}
		return k.values[i]
	case Log:
		return k.round(k.Min * math.Pow(k.Max/k.Min, u))
	}
	return k.round(k.Min + (k.Max-k.Min)*u)
}

func (k *Knob) round(x float64) float64 {
	if k.kind == whole {
		return min(max(math.Round(x), k.Min), k.Max)
	}
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 3, 64), 64)
	return min(max(rounded, k.Min), k.Max)
}

// text is x as a file has it.
func (k *Knob) text(x float64) string {
	switch k.kind {
	case word:
		return k.Among[int(x)]
	case duration:
		return time.Duration(x).String()
	case whole:
		return strconv.Itoa(int(x))
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

// Range is what the knob can be, in words.
func (k *Knob) Range() string {
	if k.Scale == Choice {
		return fmt.Sprint(k.Among)
	}
	scale := ""
	if k.Scale == Log {
		scale = ", log"
	}
	return fmt.Sprintf("%s … %s%s", k.text(k.Min), k.text(k.Max), scale)
}
