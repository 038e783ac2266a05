package configfile

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/internal/strict"
)

// Version is the version of the format, as files say it.
const Version = 1

const what = "a configuration" // a file has

// A File is what a configuration file says. The zero File has the defaults of
// everything.
type File struct {
	Limiter    adaptive.Config
	Sections   Sections          // of others, by key
	Expected   adaptive.Envelope // what whoever tuned the configuration saw it do
	Provenance map[string]any    // where it came from; texts, numbers, booleans, and lists and maps of these
}

// Sections are the sections of a file beside limiter: by key, a pointer to a struct
// of plain data, such as a *breaker.Config. If it has a method Validate() error, that
// is asked too. A nil value stands for a section that the file may have and nobody
// here reads. What can be in a struct are booleans, numbers, texts, durations, what
// implements [encoding.TextUnmarshaler], and structs and slices of these.
type Sections map[string]any

// Load reads the file at path, YAML or JSON, and fills in what sections point to;
// a section that is not in the file becomes zero. If there is a fault anywhere,
// nothing is changed: the error has all faults, joined, each on a line with
// file, line and key.
func Load(path string, sections Sections) (*File, error) {
	data, err := strict.ReadFile(path, what)
	if err != nil {
		return nil, err
	}
	return Parse(path, data, sections)
}

// Parse is [Load] for data that is in memory; name stands for the file in errors.
func Parse(name string, data []byte, sections Sections) (*File, error) {
	if err := sections.check(); err != nil {
		return nil, err
	}
	root, err := strict.Document(name, what, data)
	if err != nil {
		return nil, err
	}
	r := strict.New(name)
	f := &File{Sections: sections}
	fresh := map[string]reflect.Value{}
	version := 0
	fields := []strict.Field{
		strict.Key("version", r.Whole(&version)),
		strict.Key("limiter", section(r, &f.Limiter)),
	}
	for _, key := range slices.Sorted(maps.Keys(sections)) {
		read := func(*yaml.Node, string) {}
		if to := sections[key]; to != nil {
			v := reflect.New(reflect.TypeOf(to).Elem())
			fresh[key], read = v, section(r, v.Interface())
		}
		fields = append(fields, strict.Key(key, read))
	}
	fields = append(fields,
		strict.Key("expected", section(r, &f.Expected)),
		strict.Key("provenance", free(r, &f.Provenance)))
	r.Object(root, "", fields...)
	if !r.Hides("version") && version != Version {
		if line, given := r.Given("version"); given {
			r.Note(line, "version", fmt.Sprintf("is %d, must be %d", version, Version))
		} else {
			r.Note(r.Line(""), "version", fmt.Sprintf("is missing, must be %d", Version))
		}
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	for key, v := range fresh {
		reflect.ValueOf(sections[key]).Elem().Set(v.Elem())
	}
	return f, nil
}

// section reads the struct that to points to, and asks it what is wrong with it.
func section(r *strict.Reader, to any) strict.Read {
	read := r.Value(reflect.ValueOf(to).Elem())
	return func(n *yaml.Node, path string) {
		read(n, path)
		validate(r, path, to)
	}
}

// own are the keys that no section may have.
var own = []string{"version", "limiter", "expected", "provenance"}

// check returns what a program does wrong, which no file can mend.
func (s Sections) check() error {
	for _, key := range slices.Sorted(maps.Keys(s)) {
		t := reflect.TypeOf(s[key])
		switch {
		case key == "" || slices.Contains(own, key):
			return fmt.Errorf("configfile: section %q: the name is taken, must be another one", key)
		case t == nil:
			continue
		case t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct || reflect.ValueOf(s[key]).IsNil():
			return fmt.Errorf("configfile: section %q: is a %v, must be a pointer to a struct, or nil", key, t)
		}
		if err := strict.Readable(t.Elem()); err != nil {
			return fmt.Errorf("configfile: section %q: %w", key, err)
		}
	}
	return nil
}
