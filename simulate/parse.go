package simulate

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

func (r *reader) durations(to *[]time.Duration) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		r.list(n, path, func(n *yaml.Node, path string) {
			var d time.Duration
			r.duration(&d)(n, path)
			*to = append(*to, d)
		})
	}
}

func (r *reader) guards(to *[]string) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		r.list(n, path, func(n *yaml.Node, path string) {
			var name string
			r.text(&name)(n, path)
			if err := CheckGuard(name); err != nil && !r.wrong[path] {
				r.fault(n, path, "%v", err)
			}
			*to = append(*to, name)
		})
	}
}

// clients reads their number, or all about them.
func (r *reader) clients(to *Clients) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind == yaml.ScalarNode {
			r.whole(&to.Count)(n, path)
			return
		}
		every := time.Duration(-1)
		r.object(n, path,
			field{"count", r.whole(&to.Count)},
			field{"skew", r.number(&to.Skew)},
			field{"clocks", r.duration(&to.Clocks)},
			field{"join", r.joins(&to.Join, &every)})
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
		r.object(n, path, field{"every", r.duration(every)})
		if *every <= 0 && !r.hides(path) {
			r.fault(n, path, "must say how long after one client the next joins, such as {every: 5s}")
		}
	}
}

func (r *reader) classes(to *[]Class) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		r.list(n, path, func(n *yaml.Node, path string) {
			var c Class
			r.object(n, path,
				field{"name", r.text(&c.Name)},
				field{"share", r.number(&c.Share)},
				field{"service", r.distribution(&c.Service)},
				field{"timeout", r.duration(&c.Timeout)})
			*to = append(*to, c)
		})
	}
}

func (r *reader) wait(to *Wait) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		r.object(n, path,
			field{"queue", r.whole(&to.Queue)},
			field{"max", r.duration(&to.Max)})
	}
}

func (r *reader) retries(to *Retries) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind == yaml.ScalarNode {
			r.whole(&to.Count)(n, path)
			return
		}
		r.object(n, path,
			field{"count", r.whole(&to.Count)},
			field{"backoff", r.duration(&to.Backoff)},
			field{"budget", r.number(&to.Budget)})
	}
}

var faultKinds = []FaultKind{Slow, Errors, Refusals, Blackhole, Stall, Capacity}

func (r *reader) faultList(to *[]Fault) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		r.list(n, path, func(n *yaml.Node, path string) {
			kind := mainKey(r, n, path, faultKinds)
			f := Fault{Kind: kind}
			fields := []field{{"at", r.duration(&f.At)}, {"every", r.duration(&f.Every)}}
			switch kind {
			case "":
				return
			case Stall:
				fields = append(fields, field{string(kind), r.duration(&f.For)})
			case Slow:
				fields = append(fields, field{"ramp", r.duration(&f.Ramp)}, field{"decay", r.duration(&f.Decay)})
				fallthrough
			default:
				fields = append(fields, field{string(kind), r.number(&f.Value)}, field{"for", r.duration(&f.For)})
			}
			r.object(n, path, fields...)
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
			case nearest(key, known) != "":
				meant = key
			}
		}
	}
	switch {
	case n.Kind != yaml.MappingNode:
		r.fault(n, path, "is %s, must be a mapping with %s", describe(n), oneOf(known))
	case len(found) == 0 && meant != "":
		r.fault(n, join(path, meant), "unknown key, must be %s", hint(meant, known))
	case len(found) == 0:
		r.fault(n, path, "says not what it is, must have %s", oneOf(known))
	case len(found) > 1:
		r.fault(n, path, "has %s, must have only one of them", strings.Join(found, " and "))
	default:
		return K(found[0])
	}
	return ""
}
