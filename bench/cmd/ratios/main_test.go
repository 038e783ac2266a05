package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const output = `goos: linux
goarch: amd64
cpu: Slow One
BenchmarkAdmit/serial/ref_c2-2         	1000	 60.0 ns/op	 0 B/op	 0 allocs/op
BenchmarkAdmit/serial/flyball_try-2    	1000	 90.0 ns/op	 0 B/op	 0 allocs/op
BenchmarkAdmit/procs=2/ref_c2-2        	1000	 40.0 ns/op	 0 B/op	 0 allocs/op
BenchmarkAdmit/procs=2/flyball_try-2   	1000	 44.0 ns/op	 0 B/op	 0 allocs/op
goos: linux
BenchmarkAdmit/serial/ref_c2-2         	1000	1200.0 ns/op	 0 B/op	 0 allocs/op
BenchmarkAdmit/serial/flyball_try-2    	1000	1680.0 ns/op	 8 B/op	 1 allocs/op
BenchmarkAdmit/procs=2/ref_c2-2        	1000	 40.0 ns/op	 0 B/op	 0 allocs/op
BenchmarkAdmit/procs=2/flyball_try-2   	1000	 48.0 ns/op	 0 B/op	 0 allocs/op
PASS
`

func TestRatiosAreToTheReferenceOfTheSameRound(t *testing.T) {
	r, err := read(strings.NewReader(output))
	require.NoError(t, err)
	var text strings.Builder
	require.NoError(t, r.write(&text, "What an admission costs", "make bench", "ref_c2"))
	require.Equal(t, `# What an admission costs

Made by `+"`make bench ROUNDS=2`"+` on linux, amd64, Slow One. ns are medians over the rounds, in brackets the
lowest and highest; /ref_c2 is the median of the ratios to it in the same round.

| | serial ns | /ref_c2 | procs=2 ns | /ref_c2 | B/op | allocs/op |
|---|--:|--:|--:|--:|--:|--:|
| ref_c2 | 630 (60–1200) | 1.00 | 40 (40–40) | 1.00 | 0 | 0 |
| flyball_try | 885 (90–1680) | 1.45 | 46 (44–48) | 1.15 | 0 | 1 |
`, text.String())
}

func TestFaultsAreOneClearLine(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) string {
		name := filepath.Join(dir, "x.txt")
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		return name
	}
	require.ErrorContains(t, run(nil, "T", "make bench", "ref_c2", ""), "0 files named, must be one")
	require.ErrorContains(t, run([]string{filepath.Join(dir, "none")}, "T", "make bench", "ref_c2", ""), "none")
	require.ErrorContains(t, run([]string{write("PASS\n")}, "T", "make bench", "ref_c2", ""), "x.txt: no line of BenchmarkAdmit")
	require.ErrorContains(t, run([]string{write("BenchmarkAdmit/serial/a 1 x ns/op\n")}, "T", "make bench", "ref_c2", ""), `line 1: "x" is not a number`)
	require.ErrorContains(t, run([]string{write(output)}, "T", "make bench", "other", ""), "has 2 samples, must have 0")

	half := strings.Join(strings.Split(output, "\n")[:6], "\n")
	require.ErrorContains(t, run([]string{write(half)}, "T", "make bench", "ref_c2", ""), "procs=2/flyball_try has 0 samples, must have 1")
}

func TestTheTableGoesToAFile(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	require.NoError(t, os.WriteFile(in, []byte(output), 0o600))
	require.NoError(t, run([]string{in}, "T", "make bench", "ref_c2", out))
	text, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Contains(t, string(text), "| flyball_try |")
}

func TestFairnessHasAColumnOfItsOwn(t *testing.T) {
	r, err := read(strings.NewReader(`goos: linux
BenchmarkContended/yield/xsync-2 	1	 800 ns/op	 1.10 max/min
BenchmarkContended/yield/flyball-2	1	 880 ns/op	 1.05 max/min
`))
	require.NoError(t, err)
	var text strings.Builder
	require.NoError(t, r.write(&text, "A crowd", "make bench", "xsync"))
	require.Contains(t, text.String(), "# A crowd\n")
	require.Contains(t, text.String(), `| | yield ns | /xsync | max/min |
|---|--:|--:|--:|
| xsync | 800 (800–800) | 1.00 | 1.10 |
| flyball | 880 (880–880) | 1.10 | 1.05 |
`)
}
