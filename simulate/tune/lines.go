package tune

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/flyball-go/flyball/internal/strict"
)

// Line is a value of a setting under the key that a configuration file has for it.
type Line struct{ Key, Value string }

// Lines are the values of s that are set, in the order of a file.
func (s Setting) Lines() []Line {
	lines := flatten("limiter", reflect.ValueOf(s.Limiter))
	if s.Breaker != nil {
		lines = append(lines, flatten("breaker", reflect.ValueOf(*s.Breaker))...)
	}
	if s.Timeout > 0 {
		lines = append(lines, Line{"caller.timeout", s.Timeout.String()})
	}
	return lines
}

func flatten(path string, v reflect.Value) []Line {
	var lines []Line
	for i := range v.NumField() {
		f, key := v.Field(i), strict.Join(path, strict.KeyOf(v.Type().Field(i).Name))
		switch {
		case f.IsZero():
		case f.Kind() == reflect.Struct:
			lines = append(lines, flatten(key, f)...)
		default:
			lines = append(lines, Line{key, fmt.Sprint(f.Interface())})
		}
	}
	return lines
}

// String is s in one line; the zero Setting is "the default".
func (s Setting) String() string {
	var parts []string
	for _, l := range s.Lines() {
		parts = append(parts, l.Key[strings.IndexByte(l.Key, '.')+1:]+" "+l.Value)
	}
	if len(parts) == 0 {
		return "the default"
	}
	return strings.Join(parts, ", ")
}
