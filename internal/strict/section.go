package strict

import (
	"iter"
	"reflect"
	"regexp"
	"strings"
)

// Faults asks a section, a pointer to a struct that [Reader.Value] has read, for
// what it finds wrong with itself, and yields each with the path of the field that
// it is of: path, where a fault names none. A section without a method Validate
// finds nothing.
func Faults(path string, section any) iter.Seq2[string, string] {
	return func(yield func(at, text string) bool) {
		v, ok := section.(interface{ Validate() error })
		if !ok {
			return
		}
		for _, err := range split(v.Validate()) {
			if !yield(place(path, err.Error(), reflect.TypeOf(section).Elem())) {
				return
			}
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

// ofConfig begins a fault of a Config as a whole, which is where path is.
var ofConfig = regexp.MustCompile(`^\w+: config: `)

// place finds the field that a fault is of, in a section of type t.
func place(path, text string, t reflect.Type) (at, rest string) {
	m := faultForm.FindStringSubmatch(text)
	if m == nil {
		return path, ofConfig.ReplaceAllString(text, "")
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
		at, t = Join(at, KeyOf(f.Name)), f.Type
	}
	return at, m[2]
}
