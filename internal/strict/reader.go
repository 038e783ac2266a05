package strict

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// A Reader reads values out of nodes and collects the faults it finds, each with
// its place. Every value has a path, such as "limiter.max-wait" or
// "faults[2].at"; that of the document is "".
type Reader struct {
	name   string
	faults []lineFault
	lines  map[string]int  // where each path is
	wrong  map[string]bool // paths with a fault
}

type lineFault struct {
	line int
	err  error
}

// New returns a Reader of the file name.
func New(name string) *Reader {
	return &Reader{name: name, lines: map[string]int{}, wrong: map[string]bool{}}
}

// Fault notes what is wrong with the value n at path.
func (r *Reader) Fault(n *yaml.Node, path, format string, args ...any) {
	r.Mark(path)
	r.Note(n.Line, path, fmt.Sprintf(format, args...))
}

// Note notes a fault of path at a line.
func (r *Reader) Note(line int, path, text string) {
	if path != "" {
		text = path + ": " + text
	}
	r.faults = append(r.faults, lineFault{line, fmt.Errorf("%s:%d: %s", r.name, line, text)})
}

// Mark says that a fault of path is told already, so that what follows from it is
// not told as well.
func (r *Reader) Mark(path string) { r.wrong[path] = true }

// Wrong reports whether path itself has a fault.
func (r *Reader) Wrong(path string) bool { return r.wrong[path] }

// Place says on which line path is, for a value that Object and List do not read.
func (r *Reader) Place(path string, line int) { r.lines[path] = line }

// Given returns the line of path, if it is in the file.
func (r *Reader) Given(path string) (line int, ok bool) {
	line, ok = r.lines[path]
	return line, ok
}

// Err is all faults in the order of the file, joined.
func (r *Reader) Err() error {
	slices.SortStableFunc(r.faults, func(a, b lineFault) int { return a.line - b.line })
	var errs []error
	for _, f := range r.faults {
		errs = append(errs, f.err)
	}
	return errors.Join(errs...)
}

// A Read reads the value n, which is at path.
type Read = func(n *yaml.Node, path string)

// A Field is a key of a mapping and what reads its value.
type Field struct {
	Key  string
	Read Read
}

// Key is the Field of key.
func Key(key string, read Read) Field { return Field{key, read} }

// Object reads a mapping; any other key than those of fields is a fault.
func (r *Reader) Object(n *yaml.Node, path string, fields ...Field) {
	r.lines[path] = n.Line
	if n.Kind != yaml.MappingNode {
		r.Fault(n, path, "is %s, must be a mapping with %s", Describe(n), keysOf(fields))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := Join(path, key.Value)
		if first, again := seen[key.Value]; again {
			r.Fault(key, at, "is there twice, first on line %d", first)
			continue
		}
		seen[key.Value] = key.Line
		k := slices.IndexFunc(fields, func(f Field) bool { return f.Key == key.Value })
		switch {
		case k < 0 || key.Kind != yaml.ScalarNode:
			r.Fault(key, at, "unknown key, must be %s", Hint(key.Value, words(fields)))
			if meant := Nearest(key.Value, words(fields)); meant != "" {
				r.wrong[Join(path, meant)] = true // it is not missing as well
			}
		case isNull(value):
			r.Fault(value, at, "has no value; leave the key out instead")
		default:
			r.lines[at] = value.Line
			fields[k].Read(value, at)
		}
	}
}

// List reads a sequence, or what stands for a sequence of one.
func (r *Reader) List(n *yaml.Node, path string, one Read) {
	r.lines[path] = n.Line
	if n.Kind != yaml.SequenceNode {
		one(n, path)
		return
	}
	for i, item := range n.Content {
		at := fmt.Sprintf("%s[%d]", path, i)
		r.lines[at] = item.Line
		if isNull(item) {
			r.Fault(item, at, "has no value")
			continue
		}
		one(item, at)
	}
}

// AsWritten is path without the index of what was written without a list.
func (r *Reader) AsWritten(path string) string {
	if key, rest, indexed := strings.Cut(path, "[0]"); indexed {
		if _, list := r.lines[key+"[0]"]; !list {
			return key + rest
		}
	}
	return path
}

// Hides reports whether a fault at path only follows from one that is known.
func (r *Reader) Hides(path string) bool {
	for wrong := range r.wrong {
		if wrong == "" || path == wrong || strings.HasPrefix(path, wrong+".") || strings.HasPrefix(path, wrong+"[") || strings.HasPrefix(wrong, path+".") || strings.HasPrefix(wrong, path+"[") {
			return true
		}
	}
	return false
}

// Line is where path, or the nearest thing around it, is.
func (r *Reader) Line(path string) int {
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
