package simulate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

const (
	maxFile  = 8 << 20
	maxDepth = 32
)

// document returns the one node of a YAML file.
func document(name string, data []byte) (*yaml.Node, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s: has %d bytes, must be at most %d", name, len(data), maxFile)
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var doc, second yaml.Node
	if err := loader.Load(&doc); err != nil {
		return nil, syntaxError(name, err)
	}
	switch err := loader.Load(&second); {
	case err == nil:
		return nil, fmt.Errorf("%s:%d: a second document, must be one a file", name, second.Line)
	case !errors.Is(err, io.EOF):
		return nil, syntaxError(name, err)
	}
	if doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
		return doc.Content[0], nil
	}
	return nil, fmt.Errorf("%s: is empty, must be a scenario", name)
}

func syntaxError(name string, err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: is empty, must be a scenario", name)
	}
	var at *yaml.LoadError
	if errors.As(err, &at) {
		return fmt.Errorf("%s:%d: %s", name, max(1, at.Mark.Line), at.Message)
	}
	return fmt.Errorf("%s: %w", name, err)
}

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
