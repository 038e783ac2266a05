package strict

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// Text reads a scalar as it is written.
func (r *Reader) Text(to *string) Read {
	return func(n *yaml.Node, path string) {
		if n.Kind != yaml.ScalarNode {
			r.Fault(n, path, "is %s, must be a text", Describe(n))
			return
		}
		*to = strings.TrimSpace(n.Value)
	}
}

// Flag reads true or false.
func (r *Reader) Flag(to *bool) Read {
	return func(n *yaml.Node, path string) {
		if n.Kind != yaml.ScalarNode || n.Value != "true" && n.Value != "false" {
			r.Fault(n, path, "is %s, must be true or false", Describe(n))
			return
		}
		*to = n.Value == "true"
	}
}

var (
	wholeForm   = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	numberForm  = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)
	leadingZero = regexp.MustCompile(`^-?0[0-9]`)
)

// Whole reads a whole number: no 1.5, no 010, no "7".
func (r *Reader) Whole(to *int) Read {
	return func(n *yaml.Node, path string) {
		x, err := strconv.Atoi(n.Value)
		switch {
		case n.Kind == yaml.ScalarNode && leadingZero.MatchString(n.Value):
			r.Fault(n, path, "is %s, must have no leading zero", n.Value)
		case n.Kind != yaml.ScalarNode || n.Style != 0 || !wholeForm.MatchString(n.Value) || err != nil:
			r.Fault(n, path, "is %s, must be a whole number", Describe(n))
		default:
			*to = x
		}
	}
}

// Number reads a finite number.
func (r *Reader) Number(to *float64) Read {
	return func(n *yaml.Node, path string) {
		x, err := strconv.ParseFloat(n.Value, 64)
		switch {
		case n.Kind == yaml.ScalarNode && leadingZero.MatchString(n.Value):
			r.Fault(n, path, "is %s, must have no leading zero", n.Value)
		case n.Kind != yaml.ScalarNode || n.Style != 0 || !numberForm.MatchString(n.Value) || err != nil || math.IsInf(x, 0):
			r.Fault(n, path, "is %s, must be a finite number", Describe(n))
		default:
			*to = x
		}
	}
}

// Duration reads a time with its unit, such as 250ms.
func (r *Reader) Duration(to *time.Duration) Read {
	return func(n *yaml.Node, path string) {
		d, err := time.ParseDuration(n.Value)
		switch {
		case n.Kind != yaml.ScalarNode:
			r.Fault(n, path, "is %s, must be a duration such as 250ms or 2m", Describe(n))
		case err != nil && numberForm.MatchString(n.Value):
			r.Fault(n, path, "is %s without a unit, must be a duration such as %ss or %sms", n.Value, n.Value, n.Value)
		case err != nil:
			r.Fault(n, path, "is %s, must be a duration such as 250ms or 2m", Describe(n))
		default:
			*to = d
		}
	}
}

// Seed reads any whole number that a uint64 holds.
func (r *Reader) Seed(to *uint64) Read {
	return func(n *yaml.Node, path string) {
		x, err := strconv.ParseUint(n.Value, 10, 64)
		if n.Kind != yaml.ScalarNode || !wholeForm.MatchString(n.Value) || err != nil {
			r.Fault(n, path, "is %s, must be a whole number from 0 to %d", Describe(n), uint64(math.MaxUint64))
			return
		}
		*to = x
	}
}

// IsWhole reports whether s is written as a whole number.
func IsWhole(s string) bool { return wholeForm.MatchString(s) }

// IsNumber reports whether s is written as a finite number.
func IsNumber(s string) bool { return numberForm.MatchString(s) }
