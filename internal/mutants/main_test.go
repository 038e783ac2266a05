package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEachFaultStillFitsTheCode keeps the catalogue from going stale; whether tests
// notice is for `make mutants`, which takes minutes.
func TestEachFaultStillFitsTheCode(t *testing.T) {
	t.Chdir("../..")
	names := map[string]bool{}
	for _, m := range catalogue {
		require.False(t, names[m.name], "%s: the name is taken", m.name)
		names[m.name] = true
		_, err := m.mutated()
		require.NoError(t, err, m.name)
	}
}

func TestWhatDoesNotFitIsSaid(t *testing.T) {
	t.Chdir("../..")
	_, err := mutant{file: "go.mod", old: "no such line"}.mutated()
	require.EqualError(t, err, `go.mod has "no such line" 0 times, must have it once`)
	require.ErrorContains(t, all("no such fault", t.TempDir()), `no fault has "no such fault" in its name`)
}
