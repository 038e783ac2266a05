package configfile

import (
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/flyball-go/flyball/internal/strict"
)

// validate asks a section for its own faults and gives each its place.
func validate(r *strict.Reader, n *yaml.Node, path string, section any) {
	v, ok := section.(interface{ Validate() error })
	if !ok || r.Wrong(path) {
		return
	}
	for _, err := range split(v.Validate()) {
		at, text := place(path, err.Error(), reflect.TypeOf(section).Elem())
		if !r.Hides(at) || at == path {
			r.Note(r.Line(at), at, text)
		}
	}
}

// split takes errors.Join apart.
func split(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, split(e)...)
	}
	return all
}

// faultForm is how a Config of this library words a fault: "adaptive: config:
// Open.Base is …", or "adaptive: law "x" is …".
var faultForm = regexp.MustCompile(`^(?:\w+: )+([\w.]+) (.*)$`)

// place finds the field that a fault is of, in a section of type t.
func place(path, text string, t reflect.Type) (at, rest string) {
	m := faultForm.FindStringSubmatch(text)
	if m == nil {
		return path, text
	}
	at = path
	for name := range strings.SplitSeq(m[1], ".") {
		if t.Kind() != reflect.Struct {
			return path, text
		}
		f, ok := t.FieldByNameFunc(func(s string) bool { return strings.EqualFold(s, name) })
		if !ok {
			return path, text
		}
		at, t = strict.Join(at, strict.KeyOf(f.Name)), f.Type
	}
	return at, m[2]
}
