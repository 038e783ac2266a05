//go:build unix

package simulate

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLoadRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	_, err := Load(filepath.Join(dir, "missing.yaml"))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Load(dir)
	require.EqualError(t, err, dir+": is a directory, must be a scenario file")
	fifo := filepath.Join(dir, "fifo")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	_, err = Load(fifo)
	require.EqualError(t, err, fifo+": is no regular file, must be a scenario file")
}

func TestAScenarioNamesOnlyFilesBesideIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.yaml")
	for name, want := range map[string]string{
		"../x.csv": "must be in the folder of the scenario", "/etc/passwd": "must be in the folder of the scenario", "none.csv": "no such file",
	} {
		require.NoError(t, os.WriteFile(path, []byte(minimal("{poisson: 480}", "{replay: "+name+"}")), 0o600))
		_, err := Load(path)
		require.ErrorContains(t, err, want)
	}
}
