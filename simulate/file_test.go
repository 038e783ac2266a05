package simulate

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/internal/strict"
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

func TestWhatIsNoScenarioIsRefusedInOneLine(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'j'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", c-1), 9), ","))
	}
	for name, c := range map[string]struct{ text, want string }{
		"empty":           {"", "x.yaml: is empty, must be a scenario"},
		"comment only":    {"# nothing\n", "x.yaml: is empty, must be a scenario"},
		"syntax":          {"a: [", "x.yaml:"},
		"a list":          {"- 1", "x.yaml:1: is a list, must be a mapping with one of name,"},
		"a text":          {"hello", `x.yaml:1: is "hello", must be a mapping`},
		"two documents":   {minimal("", "") + "---\nname: x\n", "x.yaml:6: a second document, must be one a file"},
		"nul":             {"\x00", "x.yaml:1: control characters are not allowed"},
		"deep":            {strings.Repeat("[", 100_000), "x.yaml:1: exceeded max depth of 32"},
		"large":           {strings.Repeat("#", strict.MaxFile+1), "x.yaml: has 8388609 bytes, must be at most 8388608"},
		"broken UTF-8":    {"name: \xff\xfe\n", "x.yaml:"},
		"tab for indents": {"load:\n\tpoisson: 3\n", "x.yaml:"},
	} {
		_, err := Parse("x.yaml", []byte(c.text))
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "\n", name)
		require.Contains(t, err.Error(), c.want, name)
	}
	// What it could cost, it costs in memory, and bytes are the same on a busy machine.
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Parse("x.yaml", []byte(bomb))
	runtime.ReadMemStats(&after)
	require.Error(t, err)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}

func TestBOMAndCRLFAreFine(t *testing.T) {
	_, err := Parse("x.yaml", []byte("\ufeff"+strings.ReplaceAll(minimal("", ""), "\n", "\r\n")))
	require.NoError(t, err)
}
