// Command mutants puts each fault of a catalogue into the code, one at a time, and
// runs the tests that must notice. No file is changed: the compiler is given the
// faulty one in its place.
//
//	go run ./internal/mutants [part of a name]
//
// It exits with 1 if a fault went unnoticed.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	part := strings.Join(os.Args[1:], " ")
	dir, err := os.MkdirTemp("", "mutants")
	if err == nil {
		err = all(part, dir)
	}
	os.RemoveAll(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func all(part, dir string) error {
	var tried, alive int
	var broken error
	for _, m := range catalogue {
		if !strings.Contains(m.name, part) {
			continue
		}
		tried++
		v, err := m.tried(dir)
		switch {
		case err != nil:
			broken = errors.Join(broken, fmt.Errorf("%s: %w", m.name, err))
		case v != unnoticed:
			fmt.Printf("%-10s %s\n", v, m.name)
		default:
			alive++
			fmt.Printf("UNNOTICED  %s, in %s, by go test %s -run '%s'\n", m.name, m.file, m.pkg, m.run)
		}
	}
	if broken != nil {
		return broken
	}
	fmt.Printf("%d of %d faults noticed\n", tried-alive, tried)
	if alive > 0 {
		return fmt.Errorf("%d went unnoticed", alive)
	}
	if tried == 0 {
		return fmt.Errorf("no fault has %q in its name", part)
	}
	return nil
}

// mutated returns the file with the fault in it.
func (m mutant) mutated() ([]byte, error) {
	src, err := os.ReadFile(m.file)
	if err != nil {
		return nil, err
	}
	if n := strings.Count(string(src), m.old); n != 1 {
		return nil, fmt.Errorf("%s has %q %d times, must have it once", m.file, m.old, n)
	}
	return []byte(strings.Replace(string(src), m.old, m.new, 1)), nil
}

// A verdict is what became of a fault.
type verdict string

const (
	noticed   verdict = "noticed" // a test failed
	hung      verdict = "hung"    // a test did not end: of this fault, or of a machine that stood still
	unnoticed verdict = "UNNOTICED"
)

// tried runs the tests with the fault. One that does not compile is an error, for no
// test has seen it.
func (m mutant) tried(dir string) (verdict, error) {
	src, err := m.mutated()
	if err != nil {
		return "", err
	}
	file, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	faulty, overlay := filepath.Join(dir, "faulty.go"), filepath.Join(dir, "overlay.json")
	list, err := json.Marshal(map[string]map[string]string{"Replace": {file: faulty}})
	if err != nil {
		return "", err
	}
	if err := errors.Join(os.WriteFile(faulty, src, 0o600), os.WriteFile(overlay, list, 0o600)); err != nil {
		return "", err
	}
	args := []string{"test", m.pkg, "-overlay", overlay, "-count=1", "-failfast", "-vet=off", "-timeout=120s", "-run", m.run}
	if m.usesRapid() {
		args = append(args, "-rapid.nofailfile")
	}
	v, err := verdictOf(args)
	if v == unnoticed && err == nil {
		// A fault that lies in a moment may want two CPUs at once, which others may have.
		// The race detector makes the moment a longer one, and there are ten of them.
		return verdictOf(append(args, "-race", "-count=10"))
	}
	return v, err
}

// verdictOf runs go with args.
func verdictOf(args []string) (verdict, error) {
	out, err := exec.Command("go", args...).CombinedOutput()
	if strings.Contains(string(out), "[build failed]") || strings.Contains(string(out), "[setup failed]") {
		return "", fmt.Errorf("does not compile:\n%s", out)
	}
	var failed *exec.ExitError
	switch {
	case err == nil:
		return unnoticed, nil
	case !errors.As(err, &failed):
		return "", err
	case strings.Contains(string(out), "panic: test timed out"):
		return hung, nil
	default:
		return noticed, nil
	}
}

// usesRapid reports whether tests of the package would leave a file behind for each
// fault that they notice.
func (m mutant) usesRapid() bool {
	files, _ := filepath.Glob(filepath.Join(m.pkg, "*_test.go"))
	return slices.ContainsFunc(files, func(f string) bool {
		src, err := os.ReadFile(f)
		return err == nil && strings.Contains(string(src), `"pgregory.net/rapid"`)
	})
}
