package servers

import (
	"errors"
	"os"
	"sync"
	"testing"
)

// Require ends the test if a server could not be started: as a skip if a program
// is missing, and as a failure otherwise and wherever CI=true.
func Require(t testing.TB, err error) {
	t.Helper()
	var missing *MissingError
	switch {
	case err == nil:
	case errors.As(err, &missing) && os.Getenv("CI") != "true":
		t.Skip(err)
	default:
		t.Fatal(err)
	}
}

// Start starts a server for one test.
func Start(t testing.TB, start func(...string) (*Process, error), args ...string) *Process {
	t.Helper()
	p, err := start(args...)
	Require(t, err)
	t.Cleanup(p.Stop)
	return p
}

// A Shared is one server for all tests of a package, started when the first of
// them asks. Stop it in TestMain.
type Shared struct {
	Launch func(...string) (*Process, error)
	Args   []string

	once sync.Once
	p    *Process
	err  error
}

// Get returns the server, or ends the test like [Require].
func (s *Shared) Get(t testing.TB) *Process {
	t.Helper()
	s.once.Do(func() { s.p, s.err = s.Launch(s.Args...) })
	Require(t, s.err)
	return s.p
}

// Stop stops the server if it was started.
func (s *Shared) Stop() {
	if s.p != nil {
		s.p.Stop()
	}
}
