package simulate

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/flyball-go/flyball/internal/strict"
)

// reader reads a scenario.
type reader struct {
	*strict.Reader
	dir string // of files that the scenario names; "" if it may name none
}

// rate reads "480" as calls per second and "1.3x" as a multiple of the capacity.
func (r *reader) rate(to *Rate) strict.Read {
	return func(n *yaml.Node, path string) {
		times, ofCapacity := strings.CutSuffix(n.Value, "x")
		if n.Kind == yaml.ScalarNode && ofCapacity && strict.IsNumber(times) {
			x, _ := strconv.ParseFloat(times, 64)
			*to = Rate{Value: x, OfCapacity: true}
			return
		}
		if n.Kind != yaml.ScalarNode || !strict.IsNumber(n.Value) {
			r.Fault(n, path, "is %s, must be calls per second, or a multiple of the capacity such as 1.3x", strict.Describe(n))
			return
		}
		r.Number(&to.Value)(n, path)
	}
}
