package tune

import (
	"reflect"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/flyball-go/flyball/internal/strict"
)

// setter puts the value of a knob into a draft.
type setter = func(d *draft, x float64)

var durationType = reflect.TypeFor[time.Duration]()

// fields are the keys of a section: all numbers of the struct type t, by the names
// that they have in a config file. field finds the struct in a draft.
func (r *reader) fields(t reflect.Type, field func(d *draft) reflect.Value) []strict.Field {
	var keys []strict.Field
	for i := range t.NumField() {
		f := t.Field(i)
		own := func(d *draft) reflect.Value { return field(d).Field(i) }
		key := strict.KeyOf(f.Name)
		switch {
		case f.Type == durationType:
			keys = append(keys, strict.Key(key, r.knob(duration, func(d *draft, x float64) { own(d).SetInt(int64(x)) })))
		case f.Type.Kind() == reflect.Int:
			keys = append(keys, strict.Key(key, r.knob(whole, func(d *draft, x float64) { own(d).SetInt(int64(x)) })))
		case f.Type.Kind() == reflect.Float64:
			keys = append(keys, strict.Key(key, r.knob(number, func(d *draft, x float64) { own(d).SetFloat(x) })))
		case f.Type.Kind() == reflect.Struct:
			inner := r.fields(f.Type, own)
			keys = append(keys, strict.Key(key, func(n *yaml.Node, path string) { r.Object(n, path, inner...) }))
		}
	}
	return keys
}
