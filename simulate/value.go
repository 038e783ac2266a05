package simulate

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

func (r *reader) text(to *string) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind != yaml.ScalarNode {
			r.fault(n, path, "is %s, must be a text", describe(n))
			return
		}
		*to = strings.TrimSpace(n.Value)
	}
}

func (r *reader) flag(to *bool) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind != yaml.ScalarNode || n.Value != "true" && n.Value != "false" {
			r.fault(n, path, "is %s, must be true or false", describe(n))
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

func (r *reader) whole(to *int) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		x, err := strconv.Atoi(n.Value)
		switch {
		case n.Kind == yaml.ScalarNode && leadingZero.MatchString(n.Value):
			r.fault(n, path, "is %s, must have no leading zero", n.Value)
		case n.Kind != yaml.ScalarNode || n.Style != 0 || !wholeForm.MatchString(n.Value) || err != nil:
			r.fault(n, path, "is %s, must be a whole number", describe(n))
		default:
			*to = x
		}
	}
}

func (r *reader) number(to *float64) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		x, err := strconv.ParseFloat(n.Value, 64)
		switch {
		case n.Kind == yaml.ScalarNode && leadingZero.MatchString(n.Value):
			r.fault(n, path, "is %s, must have no leading zero", n.Value)
		case n.Kind != yaml.ScalarNode || n.Style != 0 || !numberForm.MatchString(n.Value) || err != nil || math.IsInf(x, 0):
			r.fault(n, path, "is %s, must be a finite number", describe(n))
		default:
			*to = x
		}
	}
}

func (r *reader) duration(to *time.Duration) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		d, err := time.ParseDuration(n.Value)
		switch {
		case n.Kind != yaml.ScalarNode:
			r.fault(n, path, "is %s, must be a duration such as 250ms or 2m", describe(n))
		case err != nil && numberForm.MatchString(n.Value):
			r.fault(n, path, "is %s without a unit, must be a duration such as %ss or %sms", n.Value, n.Value, n.Value)
		case err != nil:
			r.fault(n, path, "is %s, must be a duration such as 250ms or 2m", describe(n))
		default:
			*to = d
		}
	}
}

// seed reads any whole number that a uint64 holds.
func (r *reader) seed(to *uint64) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		x, err := strconv.ParseUint(n.Value, 10, 64)
		if n.Kind != yaml.ScalarNode || !wholeForm.MatchString(n.Value) || err != nil {
			r.fault(n, path, "is %s, must be a whole number from 0 to %d", describe(n), uint64(math.MaxUint64))
			return
		}
		*to = x
	}
}

// rate reads "480" as calls per second and "1.3x" as a multiple of the capacity.
func (r *reader) rate(to *Rate) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		times, ofCapacity := strings.CutSuffix(n.Value, "x")
		if n.Kind == yaml.ScalarNode && ofCapacity && numberForm.MatchString(times) {
			x, _ := strconv.ParseFloat(times, 64)
			*to = Rate{Value: x, OfCapacity: true}
			return
		}
		if n.Kind != yaml.ScalarNode || !numberForm.MatchString(n.Value) {
			r.fault(n, path, "is %s, must be calls per second, or a multiple of the capacity such as 1.3x", describe(n))
			return
		}
		r.number(&to.Value)(n, path)
	}
}
