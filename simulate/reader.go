package simulate

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// reader reads values out of nodes and collects the faults it finds, each with
// its place.
type reader struct {
	name   string
	dir    string // of files that the scenario names; "" if it may name none
	faults []lineFault
	lines  map[string]int  // where each path is
	wrong  map[string]bool // paths with a fault
}

type lineFault struct {
	line int
	err  error
}

func (r *reader) fault(n *yaml.Node, path, format string, args ...any) {
	r.wrong[path] = true
	r.note(n.Line, path, fmt.Sprintf(format, args...))
}

func (r *reader) note(line int, path, text string) {
	if path != "" {
		text = path + ": " + text
	}
	r.faults = append(r.faults, lineFault{line, fmt.Errorf("%s:%d: %s", r.name, line, text)})
}

// err is all faults in the order of the file, joined.
func (r *reader) err() error {
	slices.SortStableFunc(r.faults, func(a, b lineFault) int { return a.line - b.line })
	var errs []error
	for _, f := range r.faults {
		errs = append(errs, f.err)
	}
	return errors.Join(errs...)
}

// field is a key of a mapping and what reads its value.
type field struct {
	key  string
	read func(n *yaml.Node, path string)
}

// object reads a mapping; any other key than those of fields is a fault.
func (r *reader) object(n *yaml.Node, path string, fields ...field) {
	r.lines[path] = n.Line
	if n.Kind != yaml.MappingNode {
		r.fault(n, path, "is %s, must be a mapping with %s", describe(n), keysOf(fields))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := join(path, key.Value)
		if first, again := seen[key.Value]; again {
			r.fault(key, at, "is there twice, first on line %d", first)
			continue
		}
		seen[key.Value] = key.Line
		k := slices.IndexFunc(fields, func(f field) bool { return f.key == key.Value })
		switch {
		case k < 0 || key.Kind != yaml.ScalarNode:
			r.fault(key, at, "unknown key, must be %s", hint(key.Value, words(fields)))
			if meant := nearest(key.Value, words(fields)); meant != "" {
				r.wrong[join(path, meant)] = true // it is not missing as well
			}
		case isNull(value):
			r.fault(value, at, "has no value; leave the key out instead")
		default:
			r.lines[at] = value.Line
			fields[k].read(value, at)
		}
	}
}

// list reads a sequence, or what stands for a sequence of one.
func (r *reader) list(n *yaml.Node, path string, one func(n *yaml.Node, path string)) {
	r.lines[path] = n.Line
	if n.Kind != yaml.SequenceNode {
		one(n, path)
		return
	}
	for i, item := range n.Content {
		at := fmt.Sprintf("%s[%d]", path, i)
		r.lines[at] = item.Line
		if isNull(item) {
			r.fault(item, at, "has no value")
			continue
		}
		one(item, at)
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	return strconv.Quote(n.Value)
}

func keysOf(fields []field) string {
	return oneOf(words(fields))
}

func words(fields []field) []string {
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = f.key
	}
	return keys
}

func oneOf(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	return "one of " + strings.Join(words, ", ")
}

// hint names the key that key was probably meant to be, or all of them.
func hint(key string, known []string) string {
	if best := nearest(key, known); best != "" {
		return best + "?"
	}
	return oneOf(known)
}

func nearest(key string, known []string) string {
	best, least := "", 3
	for _, k := range known {
		if d := distance(strings.ToLower(key), k); d < least && d < len(k) {
			best, least = k, d
		}
	}
	return best
}

// distance is how many letters must change, come or go to turn a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			corner, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, corner+cost)
		}
	}
	return row[len(b)]
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
