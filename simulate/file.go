package simulate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

const (
	maxFile  = 8 << 20
	maxDepth = 32
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
		field{"classes", r.classes(&sc.Classes)},
		field{"clients", r.clients(&sc.Clients)},
		field{"timeout", r.duration(&sc.Timeout)},
		field{"wait", r.wait(&sc.Wait)},
		field{"retries", r.retries(&sc.Retries)},
		field{"downstream", r.downstream(&sc.Downstream)},
		field{"faults", r.faultList(&sc.Faults)},
		field{"changes", r.durations(&sc.Changes)},
		field{"guards", r.guards(&sc.Guards)},
		field{"assert", r.assertions(&sc.Assert)},
	)
	if sc.Name == "" {
		sc.Name = strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	}
	for _, f := range sc.faults() {
		if path := r.asWritten(f.path); !r.hides(path) && !r.wrong[f.because] {
			r.note(r.line(path), path, f.text)
		}
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return sc, nil
}

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
