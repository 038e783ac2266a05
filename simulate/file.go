package simulate

import (
	"path/filepath"
	"reflect"
	"strings"

	"github.com/flyball-go/flyball/internal/strict"
)

const what = "a scenario" // a file has

// Load reads the scenario in a YAML file. Files that it names are looked for
// beside it. The error has all faults, one a line, each with file, line and key.
func Load(path string) (*Scenario, error) {
	data, err := strict.ReadFile(path, what)
	if err != nil {
		return nil, err
	}
	return parse(path, filepath.Dir(path), data)
}

// Parse is Load for data that is in memory; name stands for the file in errors.
// Such a scenario may not name other files.
func Parse(name string, data []byte) (*Scenario, error) { return parse(name, "", data) }

func parse(name, dir string, data []byte) (*Scenario, error) {
	root, err := strict.Document(name, what, data)
	if err != nil {
		return nil, err
	}
	r := &reader{strict.New(name), dir}
	sc := &Scenario{Downstream: Downstream{Queue: -1}}
	r.Object(root, "",
		strict.Key("name", r.Text(&sc.Name)),
		strict.Key("description", r.Text(&sc.Description)),
		strict.Key("seed", r.Seed(&sc.Seed)),
		strict.Key("duration", r.Duration(&sc.Duration)),
		strict.Key("load", r.load(&sc.Load)),
		strict.Key("classes", r.classes(&sc.Classes)),
		strict.Key("clients", r.clients(&sc.Clients)),
		strict.Key("timeout", r.Duration(&sc.Timeout)),
		strict.Key("wait", r.wait(&sc.Wait)),
		strict.Key("retries", r.retries(&sc.Retries)),
		strict.Key("downstream", r.downstream(&sc.Downstream)),
		strict.Key("faults", r.faultList(&sc.Faults)),
		strict.Key("changes", r.durations(&sc.Changes)),
		strict.Key("breaker", r.Value(reflect.ValueOf(&sc.Breaker).Elem())),
		strict.Key("guards", r.guards(&sc.Guards)),
		strict.Key("assert", r.assertions(&sc.Assert)),
	)
	if sc.Name == "" {
		sc.Name = strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	}
	for _, f := range sc.faults() {
		if path := r.AsWritten(f.path); !r.Hides(path) && !r.Wrong(f.because) {
			r.Note(r.Line(path), path, f.text)
		}
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return sc, nil
}
