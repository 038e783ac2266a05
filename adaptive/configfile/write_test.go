package configfile_test

import (
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/adaptive/configfile"
)

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	for _, name := range []string{"limiter.yaml", "limiter.json"} {
		f, b := wholeFile()
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, f.Write(path))

		var again trips
		g, err := configfile.Load(path, configfile.Sections{"breaker": &again})
		require.NoError(t, err)
		require.Equal(t, *b, again)
		g.Sections = f.Sections
		require.Equal(t, f, g)
	}
}

func TestAFileReadsWell(t *testing.T) {
	f, _ := wholeFile()
	data, err := f.YAML()
	require.NoError(t, err)
	require.Equal(t, `version: 1
limiter:
  name: users
  law: vegas:alpha=3
  initial: 10
  min: 2
  max: 200
  queue: -1
  max-wait: 250ms
breaker:
  rate: 0.25
  min-volume: 50
  open:
    base: 2s
    factor: 1.5
expected:
  min-limit: 20
  max-limit: 60
  p99: 1m30s
  rejected: 0.02
provenance:
  flyball: devel
  kept: true
  scenarios:
    steady: 3f2a
    surge: "0123"
  score: 0.95
  seeds: [1, 2, 18446744073709551615]
`, string(data))
	require.Contains(t, jsonOf(t), `  "limiter": {
    "name": "users",
    "law": "vegas:alpha=3",`)
}

func TestWriteKeepsAFileThatIsThere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "limiter.yaml")
	require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
	f := &configfile.File{Limiter: adaptive.Config{Max: 3}}
	require.ErrorIs(t, f.Write(path), fs.ErrExist)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "mine", string(data))

	require.NoError(t, f.Replace(path))
	g, err := configfile.Load(path, nil)
	require.NoError(t, err)
	require.Equal(t, 3, g.Limiter.Max)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary file is left")
}

func TestWriteLeavesNothingWhenItFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "limiter.yaml")
	for want, f := range map[string]*configfile.File{
		"configfile: cannot be written: yaml:3: limiter.max: is -1, must be 1 to 16777216, or 0 for 10000": {Limiter: adaptive.Config{Max: -1}},
		`configfile: cannot be written: yaml:3: provenance.score: has no value; leave the key out instead`: {Provenance: map[string]any{"score": nil}},
		`configfile: cannot be written: yaml:3: breaker.rate: is ".nan", must be a finite number`:          {Sections: configfile.Sections{"breaker": &trips{Rate: math.NaN()}}},
	} {
		require.EqualError(t, f.Write(path), want)
		require.EqualError(t, f.Replace(path), want)
	}
	require.ErrorIs(t, new(configfile.File).Write(filepath.Join(dir, "no", "limiter.yaml")), fs.ErrNotExist)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

// FuzzParse: whatever the file says, it is read or refused; and what is read can be
// written and read again.
func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add("version: 1\nlimiter: {law: \"fixed:3\", max-wait: 1h}\nprovenance: {a: [[1], {b: c}], d: 2026-01-02}")
	f.Add(`{"version": 1, "breaker": {"rate": 1e-3}}`)
	f.Fuzz(func(t *testing.T, data string) {
		var b trips
		file, err := configfile.Parse("x", []byte(data), configfile.Sections{"breaker": &b})
		if err != nil {
			return
		}
		for _, encode := range []func() ([]byte, error){file.YAML, file.JSON} {
			written, err := encode()
			require.NoError(t, err)
			var again trips
			g, err := configfile.Parse("x", written, configfile.Sections{"breaker": &again})
			require.NoError(t, err)
			require.Equal(t, b, again)
			require.Equal(t, file.Limiter, g.Limiter)
			require.Equal(t, file.Expected, g.Expected)
		}
	})
}
