package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// output is what a command writes. Nobody sees it unless the command succeeds.
type output struct {
	bytes.Buffer
	notes  []string  // for standard error, a line each
	gate   error     // what the exit code tells; the output is shown all the same
	color  bool      // escape codes are welcome
	status io.Writer // shows progress at once; nil if nobody is looking
}

// resolveTarget returns the file that path stands for, links followed. What
// cannot be replaced by a rename without harm is refused, before any work is
// done.
func resolveTarget(path string, inputs []string) (string, error) {
	if path == "" {
		return "", nil
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	parent, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return "", fmt.Errorf("output %s: %w", path, cause(err))
	}
	if !parent.IsDir() {
		return "", fmt.Errorf("output %s: %s is not a directory", path, filepath.Dir(path))
	}
	there, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return path, nil
	case err != nil:
		return "", fmt.Errorf("output %s: %w", path, cause(err))
	case there.IsDir():
		return "", fmt.Errorf("output %s: is a directory, want a file", path)
	case !there.Mode().IsRegular():
		return "", fmt.Errorf("output %s: is not a regular file; without -o the output goes to standard output", path)
	}
	for _, in := range inputs {
		if other, err := os.Stat(in); err == nil && os.SameFile(there, other) {
			return "", fmt.Errorf("output %s: is an input too", path)
		}
	}
	return path, nil
}

// documents writes one line of JSON for each document.
func documents[T any](out *output, docs []T) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	for _, d := range docs {
		if err := e.Encode(d); err != nil {
			return internalError{err}
		}
	}
	return nil
}

// replaceFile puts data at path so that a reader sees all of it or the file that
// was there before.
func replaceFile(path string, data []byte) (err error) {
	mode := fs.FileMode(0o666)
	there, statErr := os.Stat(path)
	if statErr == nil {
		mode = there.Mode().Perm()
	}
	temp := fmt.Sprintf("%s.%d.tmp", path, os.Getpid())
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("output %s: %w", path, cause(err))
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temp)
			err = fmt.Errorf("output %s: %w", path, cause(err))
		}
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(temp, path)
}

// cause is err without the operation and the path, which the message has.
func cause(err error) error {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		return inner.Err
	}
	return err
}

// at names the file of an error of the file system, and leaves any other as it is.
func at(path string, err error) error {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		return fmt.Errorf("%s: %w", path, inner.Err)
	}
	return err
}

// isTerminal reports whether somebody may be looking at w. The null device
// counts as one, which harms nobody.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&fs.ModeCharDevice != 0
}

// plain takes out of s what a terminal would obey instead of show.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, s)
}
