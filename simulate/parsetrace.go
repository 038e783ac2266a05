package simulate

import (
	"path/filepath"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/flyball-go/flyball/internal/strict"
	"github.com/flyball-go/flyball/simulate/trace"
)

// traceFile is a recorded trace that a scenario names, and what of it.
type traceFile struct {
	node         *yaml.Node // of the name
	path         string
	column, unit string
	wrong        bool // unit is
}

// fields are how a scenario says it, under its key.
func (f *traceFile) fields(r *reader, key string) []strict.Field {
	return []strict.Field{
		strict.Key(key, func(n *yaml.Node, path string) { f.node, f.path = n, path }),
		strict.Key("column", r.Text(&f.column)),
		strict.Key("unit", func(n *yaml.Node, path string) {
			r.Text(&f.unit)(n, path)
			switch trace.Unit(f.unit) {
			case trace.Seconds, trace.Millis, trace.Micros, trace.Nanos:
			default:
				f.wrong = true
				if !r.Wrong(path) {
					r.Fault(n, path, "is %s, must be s, ms, us or ns", strict.Describe(n))
				}
			}
		}),
	}
}

// stamps are the arrivals in it.
func (f *traceFile) stamps(r *reader) []time.Duration {
	o := trace.Options{Columns: trace.Columns{Time: f.column}, TimeUnit: trace.Unit(f.unit)}
	if f.column != "" {
		o.Columns.End, o.Columns.Latency = "-", "-" // whatever their units
	}
	t := f.open(r, o)
	if t == nil {
		return nil
	}
	var out []time.Duration
	for _, at := range t.Arrivals() {
		out = append(out, time.Duration(at))
	}
	if len(out) == 0 {
		r.Fault(f.node, f.path, "%s has no arrivals", f.node.Value)
	}
	return out
}

// latencies are those of the calls in it that did not fail, as in
// [Distribution]. One of 0 was too short for the trace's resolution and counts as
// a nanosecond.
func (f *traceFile) latencies(r *reader) (values []time.Duration, upTo []int64) {
	t := f.open(r, trace.Options{Columns: trace.Columns{Latency: f.column}, LatencyUnit: trace.Unit(f.unit)})
	if t == nil {
		return nil, nil
	}
	d := t.Latencies()
	if d.Count() == 0 {
		r.Fault(f.node, f.path, "%s has no latencies", f.node.Value)
		return nil, nil
	}
	d.Values[0] = max(1, d.Values[0])
	return d.Values, d.UpTo
}

// open opens the file, which must be beside the scenario.
func (f *traceFile) open(r *reader, o trace.Options) *trace.Trace {
	n := f.node
	switch {
	case n == nil:
		return nil // told already
	case f.wrong:
		r.Mark(f.path) // so that nobody misses what is in it
		return nil
	case n.Kind != yaml.ScalarNode:
		r.Fault(n, f.path, "is %s, must be the name of a recorded trace", strict.Describe(n))
		return nil
	case r.dir == "":
		r.Fault(n, f.path, "names the file %s, which only a scenario in a file may do", n.Value)
		return nil
	case !filepath.IsLocal(n.Value):
		r.Fault(n, f.path, "names the file %s, which must be in the folder of the scenario", n.Value)
		return nil
	}
	t, err := trace.Open(filepath.Join(r.dir, n.Value), o)
	if err != nil {
		r.Fault(n, f.path, "%v", err)
		return nil
	}
	return t
}
