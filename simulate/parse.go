package simulate

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// Load reads the scenario in a YAML file. Files that it names are looked for
// beside it. The error has all faults, one a line, each with file, line and key.
func Load(path string) (*Scenario, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s: is a directory, must be a scenario file", path)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: is no regular file, must be a scenario file", path)
	case info.Size() > maxFile:
		return nil, fmt.Errorf("%s: has %d bytes, must be at most %d", path, info.Size(), maxFile)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parse(path, filepath.Dir(path), data)
}

// Parse is Load for data that is in memory; name stands for the file in errors.
// Such a scenario may not name other files.
func Parse(name string, data []byte) (*Scenario, error) { return parse(name, "", data) }

func parse(name, dir string, data []byte) (*Scenario, error) {
	root, err := document(name, data)
	if err != nil {
		return nil, err
	}
	r := &reader{name: name, dir: dir, lines: map[string]int{}, wrong: map[string]bool{}}
	sc := &Scenario{Downstream: Downstream{Queue: -1}}
	r.object(root, "",
		field{"name", r.text(&sc.Name)},
		field{"description", r.text(&sc.Description)},
		field{"seed", r.seed(&sc.Seed)},
		field{"duration", r.duration(&sc.Duration)},
		field{"load", r.load(&sc.Load)},
		field{"clients", r.clients(&sc.Clients)},
		field{"timeout", r.duration(&sc.Timeout)},
		field{"wait", r.wait(&sc.Wait)},
		field{"retries", r.retries(&sc.Retries)},
		field{"downstream", r.downstream(&sc.Downstream)},
		field{"faults", r.faultList(&sc.Faults)},
		field{"changes", r.durations(&sc.Changes)},
		field{"guards", r.guards(&sc.Guards)},
	)
	if sc.Name == "" {
		sc.Name = strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	}
	for _, f := range sc.faults() {
		if path := r.asWritten(f.path); !r.hides(path) {
			r.note(r.line(path), path, f.text)
		}
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return sc, nil
}

// asWritten is path without the index of what was written without a list.
func (r *reader) asWritten(path string) string {
	if key, rest, indexed := strings.Cut(path, "[0]"); indexed {
		if _, list := r.lines[key+"[0]"]; !list {
			return key + rest
		}
	}
	return path
}

// hides reports whether a fault at path only follows from one that is known.
func (r *reader) hides(path string) bool {
	for wrong := range r.wrong {
		if wrong == "" || path == wrong || strings.HasPrefix(path, wrong+".") || strings.HasPrefix(path, wrong+"[") || strings.HasPrefix(wrong, path+".") || strings.HasPrefix(wrong, path+"[") {
			return true
		}
	}
	return false
}

// line is where path, or the nearest thing around it, is.
func (r *reader) line(path string) int {
	for {
		if n, ok := r.lines[path]; ok {
			return n
		}
		i := strings.LastIndexAny(path, ".[")
		if i < 0 {
			return max(1, r.lines[""])
		}
		path = path[:i]
	}
}

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
			if _, err := parseGuard(name); err != nil && name != oracleName && !r.wrong[path] {
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
		r.object(n, path,
			field{"count", r.whole(&to.Count)},
			field{"skew", r.number(&to.Skew)},
			field{"clocks", r.duration(&to.Clocks)})
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

func (r *reader) downstream(to *Downstream) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		var order string
		r.object(n, path,
			field{"servers", r.servers(&to.Servers)},
			field{"service", r.distribution(&to.Service)},
			field{"queue", r.whole(&to.Queue)},
			field{"order", r.text(&order)},
			field{"network", r.duration(&to.Network)},
			field{"usl", func(n *yaml.Node, path string) {
				r.object(n, path,
					field{"sigma", r.number(&to.USL.Sigma)},
					field{"kappa", r.number(&to.USL.Kappa)})
			}},
			field{"drop-stale", r.flag(&to.DropStale)},
			field{"rate-limit", func(n *yaml.Node, path string) {
				r.object(n, path,
					field{"rate", r.number(&to.RateLimit.Rate)},
					field{"burst", r.whole(&to.RateLimit.Burst)},
					field{"retry-after", r.duration(&to.RateLimit.RetryAfter)})
			}})
		to.Order = Order(order)
		if line, ok := r.lines[path+".queue"]; ok && to.Queue < 0 && !r.wrong[path+".queue"] {
			r.fault(&yaml.Node{Line: line}, path+".queue", "is %d, must be 0 or more; leave it out for a queue without bound", to.Queue)
		}
	}
}

// servers reads their number, or a mapping from instants to numbers.
func (r *reader) servers(to *[]Step) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind == yaml.ScalarNode {
			var s Step
			r.whole(&s.Servers)(n, path)
			*to = []Step{s}
			return
		}
		if n.Kind != yaml.MappingNode {
			r.fault(n, path, "is %s, must be a number, or a mapping such as {0s: 20, 80s: 10}", describe(n))
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			var s Step
			at := join(path, n.Content[i].Value)
			r.lines[at] = n.Content[i].Line
			r.duration(&s.At)(n.Content[i], at)
			r.whole(&s.Servers)(n.Content[i+1], at)
			*to = append(*to, s)
		}
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
