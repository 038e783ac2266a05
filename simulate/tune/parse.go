package tune

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/breaker"
	"github.com/flyball-go/flyball/internal/strict"
)

const what = "a search space"

// Load reads the space in a YAML file:
//
//	version: 1
//	law:
//	  knee: {}
//	  vegas: {alpha: {min: 1, max: 10, scale: log}}
//	limiter:
//	  queue: {choice: [-1, 64, 1024]}
//	  max: 500
//	breaker:
//	  open: {base: {min: 1s, max: 30s, scale: log}}
//	timeout: {min: 200ms, max: 2s, scale: log}
//
// A key has a range or a choice, which makes it a knob, or one value, which holds
// for all candidates. Keys of limiter and breaker are those of a config file;
// with the key breaker every candidate has one. Of several laws one more knob
// chooses. The error has all faults, one a line, each with file, line and key.
func Load(path string) (*Space, error) {
	data, err := strict.ReadFile(path, what)
	if err != nil {
		return nil, err
	}
	return Parse(path, data)
}

// Parse is [Load] for data that is in memory; name stands for the file in errors.
func Parse(name string, data []byte) (*Space, error) {
	root, err := strict.Document(name, what, data)
	if err != nil {
		return nil, err
	}
	r := &reader{Reader: strict.New(name)}
	version := 0
	limiter := func(d *draft) reflect.Value { return reflect.ValueOf(&d.Limiter).Elem() }
	r.Object(root, "",
		strict.Key("version", r.Whole(&version)),
		strict.Key("law", r.laws),
		strict.Key("limiter", r.section(r.fields(reflect.TypeFor[adaptive.Config](), limiter))),
		strict.Key("breaker", r.section(r.fields(reflect.TypeFor[breaker.Config](), ofBreaker))),
		strict.Key("timeout", r.knob(duration, func(d *draft, x float64) { set(&d.Timeout, x) })),
	)
	if line, given := r.Given("version"); !given && !r.Hides("version") {
		r.Note(r.Line(""), "version", "is missing, must be 1")
	} else if given && version != 1 && !r.Wrong("version") {
		r.Note(line, "version", fmt.Sprintf("is %d, must be 1", version))
	}
	if len(r.space.laws) > 1 {
		choose := func(d *draft, x float64) { d.law = r.space.laws[int(x)] }
		k := Knob{Path: "law", Scale: Choice, Among: r.space.laws, kind: word, line: r.Line("law"), set: choose}
		r.space.Knobs = slices.Insert(r.space.Knobs, 0, k)
	}
	if r.Err() == nil {
		r.try()
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	r.space.hash = digest(r.space.describe())
	return &r.space, nil
}

func set[T ~int64](to *T, x float64) { *to = T(x) }

// ofBreaker is the breaker of a draft, which has one if it is asked for.
func ofBreaker(d *draft) reflect.Value {
	if d.Breaker == nil {
		d.Breaker = &breaker.Config{}
	}
	return reflect.ValueOf(d.Breaker).Elem()
}

type reader struct {
	*strict.Reader
	space Space
}

func (r *reader) section(fields []strict.Field) strict.Read {
	return func(n *yaml.Node, path string) { r.Object(n, path, fields...) }
}

// laws reads the name of one, a list of names, or a mapping from names to
// constants.
func (r *reader) laws(n *yaml.Node, path string) {
	if n.Kind != yaml.MappingNode {
		r.List(n, path, func(n *yaml.Node, path string) {
			var name string
			if r.Text(&name)(n, path); !r.Wrong(path) {
				r.law(n, path, name)
			}
		})
		return
	}
	var fields []strict.Field
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, at := n.Content[i].Value, n.Content[i]
		fields = append(fields, strict.Key(name, func(n *yaml.Node, path string) {
			r.law(at, path, name)
			if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
				return // without constants
			}
			r.constants(n, path, name)
		}))
	}
	r.Object(n, path, fields...)
	if len(fields) == 0 {
		r.Fault(n, path, "is empty, must have the name of a law")
	}
}

func (r *reader) law(n *yaml.Node, path, name string) {
	switch _, err := adaptive.ParseLaw(name); {
	case strings.Contains(name, ":"):
		r.Fault(n, path, "is %q, must be a name alone; its constants go below it", name)
	case err != nil:
		r.Fault(n, path, "%s", strings.TrimPrefix(err.Error(), "adaptive: "))
	case slices.Contains(r.space.laws, name):
		r.Fault(n, path, "is %s again", name)
	default:
		r.space.laws = append(r.space.laws, name)
	}
}

// constants reads those of a law. Which there are is found out by trying.
func (r *reader) constants(n *yaml.Node, path, law string) {
	var fields []strict.Field
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i].Value
			c := constant{law: law, key: key}
			kind := number
			if law == "fixed" && key == "limit" {
				c.key, kind = "", whole
			}
			from := len(r.space.Knobs)
			read := r.knob(kind, func(d *draft, x float64) {
				c := c
				c.value = strconv.FormatFloat(x, 'g', -1, 64)
				d.constants = append(d.constants, c)
			})
			fields = append(fields, strict.Key(key, func(n *yaml.Node, path string) {
				from = len(r.space.Knobs)
				read(n, path)
				for i := from; i < len(r.space.Knobs); i++ {
					r.space.Knobs[i].law = law
				}
			}))
		}
	}
	r.Object(n, path, fields...)
}

// try finds values that no setting can have, whatever the other knobs are at.
func (r *reader) try() {
	if len(r.space.Knobs) == 0 {
		r.Note(r.Line(""), "", "searches nothing, must have a range or a choice for one key at least, such as {min: 1, max: 100}")
		return
	}
	for _, k := range slices.Concat(r.space.Knobs, r.space.fixed) {
		if k.Path == "law" {
			continue
		}
		var first error
		for _, u := range []float64{0, 0.25, 0.5, 0.75, 1} {
			d := draft{law: k.law}
			k.set(&d, k.at(u))
			if d.law == "" && len(d.constants) > 0 {
				d.law = d.constants[0].law
			}
			d.settle()
			err := d.Setting.Validate()
			if err == nil {
				first = nil
				break
			}
			if first == nil {
				first = err
			}
		}
		if first != nil {
			text, _, _ := strings.Cut(first.Error(), "\n")
			r.Note(k.line, k.Path, "no value of it will do: "+text)
		}
	}
}
