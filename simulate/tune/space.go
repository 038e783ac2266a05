package tune

import (
	"fmt"
	"slices"
	"strings"
)

// A Space is all settings that a search may choose from: knobs, and values that
// are the same in all of them. [Load] and [Parse] read it.
type Space struct {
	Knobs []Knob

	laws  []string // in the order of the file; of several the first knob chooses
	fixed []Knob   // of one value each
	hash  string
}

// Hash identifies the space.
func (s *Space) Hash() string { return s.hash }

// draft is a Setting while its knobs are set: the constants of a law are a text
// in it.
type draft struct {
	Setting
	law       string
	constants []constant
}

type constant struct{ law, key, value string }

// settle writes the law as adaptive.ParseLaw reads it.
func (d *draft) settle() {
	if d.law == "" {
		return
	}
	var b strings.Builder
	b.WriteString(d.law)
	for _, c := range d.constants {
		if c.law != d.law {
			continue
		}
		if b.WriteString(":"); c.key != "" {
			b.WriteString(c.key + "=")
		}
		b.WriteString(c.value)
	}
	d.Limiter.Law = b.String()
}

// A Point is where in the space a candidate is: a number from 0 to 1 for each
// knob, whether or not its law has it.
type Point []float64

// At is the setting at p, whose other numbers are those of base. The error tells
// why there is none: knobs that are fine alone may contradict each other.
func (s *Space) At(base Setting, p Point) (Setting, error) {
	d := draft{Setting: base.clone()}
	if len(s.laws) > 0 {
		d.law = s.laws[0]
	}
	for i := range s.fixed {
		k := &s.fixed[i]
		k.set(&d, k.at(0))
	}
	for i := range s.Knobs {
		k := &s.Knobs[i]
		k.set(&d, k.at(p[i]))
	}
	d.settle()
	return d.Setting, d.Setting.Validate()
}

// lawAt is the law at p, or "" if the space does not choose one.
func (s *Space) lawAt(p Point) string {
	if len(s.laws) > 1 {
		return s.Knobs[0].text(s.Knobs[0].at(p[0]))
	}
	return strings.Join(s.laws, "")
}

// active reports whether knob i does something at p.
func (s *Space) active(p Point, i int) bool {
	law := s.Knobs[i].law
	return law == "" || law == s.lawAt(p)
}

// Values are the knobs' values at p as a file has them; "" where a knob does
// nothing.
func (s *Space) Values(p Point) []string {
	out := make([]string, len(s.Knobs))
	for i := range s.Knobs {
		if k := &s.Knobs[i]; s.active(p, i) {
			out[i] = k.text(k.at(p[i]))
		}
	}
	return out
}

// describe is what identifies the space.
func (s *Space) describe() []string {
	var all []string
	for _, k := range slices.Concat(s.Knobs, s.fixed) {
		all = append(all, fmt.Sprintf("%s %v %v", k.Path, k.kind, k.Range()))
	}
	return all
}
