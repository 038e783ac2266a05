package strict

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v4"
)

var (
	durationType = reflect.TypeFor[time.Duration]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// KeyOf is how a file writes the name of a Go field: MaxWait is max-wait, P99 is
// p99, MinRTT is min-rtt.
func KeyOf(field string) string {
	var b strings.Builder
	letters := []rune(field)
	for i, c := range letters {
		if unicode.IsUpper(c) && i > 0 {
			after := unicode.IsLower(letters[i-1]) || unicode.IsDigit(letters[i-1])
			before := i+1 < len(letters) && unicode.IsLower(letters[i+1])
			if after || before && unicode.IsUpper(letters[i-1]) {
				b.WriteByte('-')
			}
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}

// Readable returns why values of type t cannot be read from a file, or nil. What
// can be read are booleans, numbers, texts, durations, what implements
// [encoding.TextUnmarshaler], and structs and slices of these.
func Readable(t reflect.Type) error {
	if t == durationType || reflect.PointerTo(t).Implements(textType) {
		return nil
	}
	switch t.Kind() {
	case reflect.Bool, reflect.String, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return nil
	case reflect.Slice:
		return Readable(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() {
				return fmt.Errorf("field %s of %v is not exported", f.Name, t)
			}
			if err := Readable(f.Type); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("%v is not plain data", t)
}

// Value reads into v, which must be settable and of a type that is [Readable]. A
// struct is a mapping with [KeyOf] its fields; a slice is a list, or one value for
// a list of one.
func (r *Reader) Value(v reflect.Value) Read {
	switch {
	case v.Type() == durationType:
		return r.Duration(v.Addr().Interface().(*time.Duration))
	case v.Addr().Type().Implements(textType):
		return r.ownText(v.Addr().Interface().(encoding.TextUnmarshaler))
	}
	switch v.Kind() {
	case reflect.Bool:
		var x bool
		return r.then(r.Flag(&x), func() bool { v.SetBool(x); return true })
	case reflect.String:
		var x string
		return r.then(r.Text(&x), func() bool { v.SetString(x); return true })
	case reflect.Float32, reflect.Float64:
		var x float64
		return r.then(r.Number(&x), func() bool { v.SetFloat(x); return !v.OverflowFloat(x) })
	case reflect.Slice:
		return func(n *yaml.Node, path string) {
			r.List(n, path, func(n *yaml.Node, path string) {
				item := reflect.New(v.Type().Elem()).Elem()
				r.Value(item)(n, path)
				v.Set(reflect.Append(v, item))
			})
		}
	case reflect.Struct:
		fields := make([]Field, v.NumField())
		for i := range fields {
			fields[i] = Key(KeyOf(v.Type().Field(i).Name), r.Value(v.Field(i)))
		}
		return func(n *yaml.Node, path string) { r.Object(n, path, fields...) }
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		var x uint64
		return r.then(r.Seed(&x), func() bool { v.SetUint(x); return !v.OverflowUint(x) })
	default:
		var x int
		return r.then(r.Whole(&x), func() bool { v.SetInt(int64(x)); return !v.OverflowInt(int64(x)) })
	}
}

// then reads, and calls set if that went well; set reports whether the value fits.
func (r *Reader) then(read Read, set func() bool) Read {
	return func(n *yaml.Node, path string) {
		if read(n, path); !r.wrong[path] && !set() {
			r.Fault(n, path, "is %s, which is too big", n.Value)
		}
	}
}

func (r *Reader) ownText(to encoding.TextUnmarshaler) Read {
	return func(n *yaml.Node, path string) {
		var s string
		if r.Text(&s)(n, path); r.wrong[path] {
			return
		}
		if err := to.UnmarshalText([]byte(s)); err != nil {
			r.Fault(n, path, "is %s: %v", Describe(n), err)
		}
	}
}
