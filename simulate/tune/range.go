package tune

import (
	"slices"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/flyball-go/flyball/internal/strict"
)

// knob reads a range, a choice, or one value.
func (r *reader) knob(kind kind, set setter) strict.Read {
	return func(n *yaml.Node, path string) {
		k := Knob{Path: path, kind: kind, line: n.Line, set: set}
		if n.Kind != yaml.MappingNode {
			var x float64
			if r.value(kind, &x)(n, path); !r.Wrong(path) {
				k.Scale, k.values, k.Among = Choice, []float64{x}, []string{k.text(x)}
				r.space.fixed = append(r.space.fixed, k)
			}
			return
		}
		var scale string
		r.Object(n, path,
			strict.Key("min", r.value(kind, &k.Min)),
			strict.Key("max", r.value(kind, &k.Max)),
			strict.Key("scale", r.Text(&scale)),
			strict.Key("choice", func(n *yaml.Node, path string) {
				r.List(n, path, func(n *yaml.Node, path string) {
					var x float64
					r.value(kind, &x)(n, path)
					if slices.Contains(k.values, x) && !r.Wrong(path) {
						r.Fault(n, path, "is %s again", n.Value)
					}
					k.values, k.Among = append(k.values, x), append(k.Among, k.text(x))
				})
			}))
		if r.Hides(path) {
			return
		}
		k.Scale = Scale(scale)
		if r.checkRange(n, &k); !r.Hides(path) {
			r.space.Knobs = append(r.space.Knobs, k)
		}
	}
}

func (r *reader) checkRange(n *yaml.Node, k *Knob) {
	given := func(key string) bool { _, ok := r.Given(k.Path + "." + key); return ok }
	if given("choice") {
		switch {
		case given("min") || given("max") || given("scale"):
			r.Fault(n, k.Path, "has a choice and a range, must have only one of them")
		case len(k.values) < 2:
			r.Fault(n, k.Path, "chooses from %d values, must have two or more", len(k.values))
		}
		k.Scale = Choice
		return
	}
	switch {
	case !given("min") || !given("max"):
		r.Fault(n, k.Path, "must have min and max, or a choice")
	case k.Min > k.Max:
		r.Fault(n, k.Path, "is inverted: min %s is above max %s", k.text(k.Min), k.text(k.Max))
	case k.Min == k.Max:
		r.Fault(n, k.Path, "is empty: min and max are both %s; write the value alone to have it in all candidates", k.text(k.Min))
	}
	switch k.Scale {
	case "", Linear:
		k.Scale = Linear
	case Log:
		if k.Min <= 0 && given("min") {
			r.Fault(n, k.Path+".min", "is %s, must be above 0 where the scale is log", k.text(k.Min))
		}
	default:
		r.Fault(n, k.Path+".scale", "is %q, must be linear or log", k.Scale)
	}
}

// value reads one value of a kind as a number.
func (r *reader) value(kind kind, to *float64) strict.Read {
	switch kind {
	case whole:
		return func(n *yaml.Node, path string) {
			var x int
			r.Whole(&x)(n, path)
			*to = float64(x)
		}
	case duration:
		return func(n *yaml.Node, path string) {
			var x time.Duration
			r.Duration(&x)(n, path)
			*to = float64(x)
		}
	}
	return r.Number(to)
}
