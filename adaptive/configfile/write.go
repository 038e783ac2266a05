package configfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Write writes f to a new file: as JSON if path ends in .json, else as YAML. Fields
// that are zero are left out. It writes nothing that [Load] would not read, and the
// file is there either whole or not at all. If there is one at path, it stays and
// the error matches [fs.ErrExist].
func (f *File) Write(path string) error {
	return f.write(path, func(temp string) error {
		if _, err := os.Lstat(path); err == nil {
			return &fs.PathError{Op: "write", Path: path, Err: fs.ErrExist}
		}
		// A link is made only if nothing is there, whoever came in between.
		if err := os.Link(temp, path); err == nil || errors.Is(err, fs.ErrExist) {
			return err
		}
		return os.Rename(temp, path) // a file system without links
	})
}

// Replace is [File.Write] over whatever file is at path; until the new one is
// whole, that is the old one.
func (f *File) Replace(path string) error {
	return f.write(path, func(temp string) error { return os.Rename(temp, path) })
}

func (f *File) write(path string, publish func(temp string) error) (err error) {
	encode := f.YAML
	if strings.EqualFold(filepath.Ext(path), ".json") {
		encode = f.JSON
	}
	data, err := encode()
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".limiter-*")
	if err != nil {
		return err
	}
	defer func() {
		temp.Close()
		os.Remove(temp.Name()) // gone already if it was renamed
	}()
	if _, err = temp.Write(data); err != nil {
		return err
	}
	if err = errors.Join(temp.Chmod(0o644), temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return publish(temp.Name())
}

// YAML is f as [File.Write] writes it.
func (f *File) YAML() ([]byte, error) {
	n, err := f.tree()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := errors.Join(e.Encode(n), e.Close()); err != nil {
		return nil, err
	}
	return b.Bytes(), f.readBack("yaml", b.Bytes())
}

// JSON is f as [File.Write] writes it to a file that ends in .json.
func (f *File) JSON() ([]byte, error) {
	n, err := f.tree()
	if err != nil {
		return nil, err
	}
	var b, out bytes.Buffer
	if err := writeJSON(&b, n); err != nil {
		return nil, err
	}
	if err := json.Indent(&out, b.Bytes(), "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), f.readBack("json", out.Bytes())
}

// readBack returns why Load would not read data.
func (f *File) readBack(name string, data []byte) error {
	into := Sections{}
	for key, s := range f.Sections {
		into[key] = nil
		if s != nil {
			into[key] = reflect.New(reflect.TypeOf(s).Elem()).Interface()
		}
	}
	if _, err := Parse(name, data, into); err != nil {
		return fmt.Errorf("configfile: cannot be written: %w", err)
	}
	return nil
}
