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

	"golang.org/x/term"

	"github.com/flyball-go/flyball/cmd/flyball/internal/report"
)

// output is what a command writes. Nobody sees it unless the command succeeds.
type output struct {
	bytes.Buffer
	notes  []string // for standard error, a line each
	gate   error    // what the exit code tells; the output is shown all the same
	look   report.Look
	status io.Writer // shows progress at once; nil if nobody is looking
	stderr io.Writer // for lines that a long run says while it lasts, where nobody is looking either

	files []file // to be written besides
	// What cannot be made again: goes to standard output if no file has it and one
	// could not be written. The other files are then written all the same.
	measured []byte
	command  string // that was typed
	partial  string // how far it came, if it was interrupted and has something to show
	after    func() // what is left to do once all is published; nil if nothing
}

// file is one that a command writes besides its output.
type file struct {
	path string // resolved
	data []byte
	dear bool // has what was measured
}

// another is resolveTarget for a file besides cmd's output, which must not be the
// same.
func (o *output) another(path string, cmd command) (string, error) {
	resolved, err := resolveTarget(path, cmd.inputs())
	if err != nil || path == "" {
		return "", err
	}
	if first, err := resolveTarget(cmd.target(), cmd.inputs()); err == nil && first != "" && same(first, resolved) {
		return "", fmt.Errorf("output %s: is named twice", path)
	}
	return resolved, nil
}

// same reports whether two paths, of which neither need exist, are one file.
func same(a, b string) bool {
	x, errX := filepath.Abs(a)
	y, errY := filepath.Abs(b)
	if errX == nil && errY == nil && x == y {
		return true
	}
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// tell writes the notes.
func (o *output) tell(stderr io.Writer) {
	for _, note := range o.notes {
		fmt.Fprintf(stderr, "flyball: note: %s\n", plain(note))
	}
}

// publish writes everything to where it belongs, files first.
func (o *output) publish(target string, stdout io.Writer) error {
	var errs []error
	kept := false
	for _, f := range o.files {
		err := replaceFile(f.path, f.data)
		switch {
		case err == nil:
			kept = kept || f.dear
		case o.measured == nil:
			return err
		default:
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		err := errors.Join(errs...)
		if kept {
			return err
		}
		if _, lost := stdout.Write(o.measured); lost != nil {
			return errors.Join(err, internalError{fmt.Errorf("write standard output: %w", cause(lost))})
		}
		return fmt.Errorf("%w; standard output has it instead", err)
	}
	if target != "" {
		return replaceFile(target, o.Bytes())
	}
	if _, err := stdout.Write(o.Bytes()); err != nil {
		return internalError{fmt.Errorf("write standard output: %w", cause(err))}
	}
	return nil
}

// divert has files of an interrupted command go beside those that were asked for,
// which keep what they had.
func (o *output) divert(target string, inputs []string) (string, error) {
	beside := func(path string) (string, error) {
		ext := filepath.Ext(path)
		return resolveTarget(strings.TrimSuffix(path, ext)+".partial"+ext, inputs)
	}
	var err error
	for i := range o.files {
		if o.files[i].path, err = beside(o.files[i].path); err != nil {
			return "", err
		}
		o.notes = append(o.notes, fmt.Sprintf("%s has %s", o.files[i].path, o.partial))
	}
	if target == "" {
		o.notes = append(o.notes, "shown are "+o.partial)
		return "", nil
	}
	if target, err = beside(target); err == nil {
		o.notes = append(o.notes, fmt.Sprintf("%s has %s", target, o.partial))
	}
	return target, err
}

// quote writes arguments as a shell reads them.
func quote(args []string) string {
	var b strings.Builder
	for i, a := range args {
		if i > 0 {
			b.WriteByte(' ')
		}
		if a != "" && strings.Trim(a, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%") == "" {
			b.WriteString(a)
			continue
		}
		b.WriteString("'" + strings.ReplaceAll(a, "'", `'\''`) + "'")
	}
	return b.String()
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

// freshFile is resolveTarget for a file that must not be there, unless replace, and
// that can be made: tried before work that takes long.
func freshFile(path string, replace bool, inputs []string) (string, error) {
	target, err := resolveTarget(path, inputs)
	if err != nil || target == "" {
		return "", err
	}
	if _, err := os.Stat(target); err == nil && !replace {
		return "", fmt.Errorf("output %s: is there already; --replace replaces it", path)
	}
	probe, err := os.CreateTemp(filepath.Dir(target), ".flyball-*")
	if err != nil {
		return "", fmt.Errorf("output %s: %w", path, cause(err))
	}
	probe.Close()
	os.Remove(probe.Name())
	return target, nil
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

// terminal returns the width of the terminal that w is, and 0 if it is none.
func terminal(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
		return columns
	}
	return 80
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
