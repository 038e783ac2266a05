package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

const (
	MaxFile  = 8 << 20 // bytes of a file
	MaxDepth = 32      // of mappings and lists in each other
)

// ReadFile reads a file that is to have what, such as "a scenario". It refuses
// what is no regular file, since reading that might never end.
func ReadFile(path, what string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s: is a directory, must be %s file", path, what)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: is no regular file, must be %s file", path, what)
	case info.Size() > MaxFile:
		return nil, fmt.Errorf("%s: has %d bytes, must be at most %d", path, info.Size(), MaxFile)
	}
	return os.ReadFile(path)
}

// Document returns the one node of a YAML or JSON file that is to have what, such
// as "a scenario".
func Document(name, what string, data []byte) (*yaml.Node, error) {
	if len(data) > MaxFile {
		return nil, fmt.Errorf("%s: has %d bytes, must be at most %d", name, len(data), MaxFile)
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(MaxDepth))))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var doc, second yaml.Node
	if err := loader.Load(&doc); err != nil {
		return nil, syntaxError(name, what, err)
	}
	switch err := loader.Load(&second); {
	case err == nil:
		return nil, fmt.Errorf("%s:%d: a second document, must be one a file", name, second.Line)
	case !errors.Is(err, io.EOF):
		return nil, syntaxError(name, what, err)
	}
	if doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
		return doc.Content[0], nil
	}
	return nil, fmt.Errorf("%s: is empty, must be %s", name, what)
}

func syntaxError(name, what string, err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: is empty, must be %s", name, what)
	}
	var at *yaml.LoadError
	if errors.As(err, &at) {
		return fmt.Errorf("%s:%d: %s", name, max(1, at.Mark.Line), at.Message)
	}
	return fmt.Errorf("%s: %w", name, err)
}
