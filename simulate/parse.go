package simulate

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/flyball-go/flyball/internal/strict"
)

func (r *reader) durations(to *[]time.Duration) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		r.List(n, path, func(n *yaml.Node, path string) {
			var d time.Duration
			r.Duration(&d)(n, path)
			*to = append(*to, d)
		})
	}
}

func (r *reader) guards(to *[]string) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		r.List(n, path, func(n *yaml.Node, path string) {
			var name string
			r.Text(&name)(n, path)
			if err := CheckGuard(name); err != nil && !r.Wrong(path) {
				r.Fault(n, path, "%v", err)
			}
			*to = append(*to, name)
		})
	}
}

// clients reads their number, or all about them.
func (r *reader) clients(to *Clients) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind == yaml.ScalarNode {
			r.Whole(&to.Count)(n, path)
			return
		}
		every := time.Duration(-1)
		r.Object(n, path,
			strict.Key("count", r.Whole(&to.Count)),
			strict.Key("skew", r.Number(&to.Skew)),
			strict.Key("clocks", r.Duration(&to.Clocks)),
			strict.Key("join", r.joins(&to.Join, &every)))
		for i := 0; every > 0 && i < max(1, min(to.Count, maxClients)); i++ {
			at := longest
			if every <= longest/time.Duration(max(1, i)) {
				at = time.Duration(i) * every
			}
			to.Join = append(to.Join, at)
		}
	}
}

// joins reads the instants at which clients join, or the time between two of them.
func (r *reader) joins(to *[]time.Duration, every *time.Duration) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind != yaml.MappingNode {
			r.durations(to)(n, path)
			return
		}
		r.Object(n, path, strict.Key("every", r.Duration(every)))
		if *every <= 0 && !r.Hides(path) {
			r.Fault(n, path, "must say how long after one client the next joins, such as {every: 5s}")
		}
	}
}

func (r *reader) classes(to *[]Class) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		r.List(n, path, func(n *yaml.Node, path string) {
			var c Class
			r.Object(n, path,
				strict.Key("name", r.Text(&c.Name)),
				strict.Key("share", r.Number(&c.Share)),
				strict.Key("service", r.distribution(&c.Service)),
				strict.Key("timeout", r.Duration(&c.Timeout)),
				strict.Key("priority", r.Whole(&c.Priority)),
				strict.Key("weight", r.Whole(&c.Weight)))
			*to = append(*to, c)
		})
	}
}

func (r *reader) wait(to *Wait) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		r.Object(n, path,
			strict.Key("queue", r.Whole(&to.Queue)),
			strict.Key("max", r.Duration(&to.Max)))
	}
}

func (r *reader) retries(to *Retries) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind == yaml.ScalarNode {
			r.Whole(&to.Count)(n, path)
			return
		}
		r.Object(n, path,
			strict.Key("count", r.Whole(&to.Count)),
			strict.Key("backoff", r.Duration(&to.Backoff)),
			strict.Key("budget", r.Number(&to.Budget)))
	}
}

var faultKinds = []FaultKind{Slow, Errors, Refusals, Blackhole, Stall, Capacity}

func (r *reader) faultList(to *[]Fault) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		r.List(n, path, func(n *yaml.Node, path string) {
			kind := mainKey(r, n, path, faultKinds)
			f := Fault{Kind: kind}
			fields := []strict.Field{strict.Key("at", r.Duration(&f.At)), strict.Key("every", r.Duration(&f.Every))}
			switch kind {
			case "":
				return
			case Stall:
				fields = append(fields, strict.Key(string(kind), r.Duration(&f.For)))
			case Slow:
				fields = append(fields, strict.Key("ramp", r.Duration(&f.Ramp)), strict.Key("decay", r.Duration(&f.Decay)))
				fallthrough
			default:
				fields = append(fields, strict.Key(string(kind), r.Number(&f.Value)), strict.Key("for", r.Duration(&f.For)))
			}
			r.Object(n, path, fields...)
			*to = append(*to, f)
		})
	}
}

// mainKey finds the one key of a mapping that says what it is; "" is a fault.
func mainKey[K ~string](r *reader, n *yaml.Node, path string, kinds []K) K {
	known := make([]string, len(kinds))
	for i, k := range kinds {
		known[i] = string(k)
	}
	var found []string
	meant := ""
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i].Value
			switch {
			case slices.Contains(known, key) && !slices.Contains(found, key):
				found = append(found, key)
			case strict.Nearest(key, known) != "":
				meant = key
			}
		}
	}
	switch {
	case n.Kind != yaml.MappingNode:
		r.Fault(n, path, "is %s, must be a mapping with %s", strict.Describe(n), strict.OneOf(known))
	case len(found) == 0 && meant != "":
		r.Fault(n, strict.Join(path, meant), "unknown key, must be %s", strict.Hint(meant, known))
	case len(found) == 0:
		r.Fault(n, path, "says not what it is, must have %s", strict.OneOf(known))
	case len(found) > 1:
		r.Fault(n, path, "has %s, must have only one of them", strings.Join(found, " and "))
	default:
		return K(found[0])
	}
	return ""
}
