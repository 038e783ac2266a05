package arch

import (
	"os"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestThisRepositoryKeepsTheRules(t *testing.T) {
	root := os.DirFS("../..")
	_, err := root.Open("go.mod")
	require.NoError(t, err, "the repository is two folders up")
	faults, err := Check(root)
	require.NoError(t, err)
	require.Empty(t, faults)
}

func TestCheckCatchesEachViolation(t *testing.T) {
	const hist = `import _ "` + module + `/internal/hist"`
	for _, c := range []struct {
		name, file, body string
		want             []string
	}{
		{name: "core that imports a third party", file: "adaptive/x.go", body: `import _ "github.com/sony/gobreaker/v2"`,
			want: []string{"adaptive/x.go:2: layers: github.com/sony/gobreaker/v2 is not below adaptive; adaptive may import the standard library, internal/hist, internal/stripe"}},
		{name: "core that knows a user of it", file: "adaptive/x.go", body: `import _ "` + module + `/breaker"`,
			want: []string{"adaptive/x.go:2: layers: " + module + "/breaker is not below adaptive; adaptive may import the standard library, internal/hist, internal/stripe"}},
		{name: "users that know each other", file: "pool/x.go", body: `import _ "` + module + `/breaker"`,
			want: []string{"pool/x.go:2: layers: " + module + "/breaker is not below pool; pool may import the standard library, adaptive, internal/hist, golang.org/x/time/, github.com/cenkalti/backoff/v5"}},
		{name: "library that imports a program", file: "simulate/x.go", body: `import _ "` + module + `/cmd/flyball/internal/report"`,
			want: []string{"simulate/x.go:2: layers: " + module + "/cmd/flyball/internal/report is not below simulate; simulate may import the standard library, adaptive/..., breaker, pool, simulate/trace, internal/hist, internal/strict, go.yaml.in/yaml/v4"}},
		{name: "harness that knows the tools above it", file: "simulate/x.go", body: `import _ "` + module + `/simulate/tune"`,
			want: []string{"simulate/x.go:2: layers: " + module + "/simulate/tune is not below simulate; simulate may import the standard library, adaptive/..., breaker, pool, simulate/trace, internal/hist, internal/strict, go.yaml.in/yaml/v4"}},
		{name: "adapter of the root module with a third party", file: "contrib/adaptivehttp/x.go", body: `import _ "golang.org/x/net/http2"`,
			want: []string{"contrib/adaptivehttp/x.go:2: layers: golang.org/x/net/http2 is not below contrib/adaptivehttp; contrib/adaptivehttp may import the standard library, adaptive"}},
		{name: "package without a place", file: "util/x.go", body: `import _ "fmt"`,
			want: []string{"util/x.go:1: layers: util is not in the picture; give it a row in internal/arch/layers.go"}},
		{name: "package called like the beginning of a place", file: "examplesque/x.go", body: `import _ "fmt"`,
			want: []string{"examplesque/x.go:1: layers: examplesque is not in the picture; give it a row in internal/arch/layers.go"}},
		{name: "clock read", file: "adaptive/x.go", body: "import \"time\"\nvar t = time.Now()",
			want: []string{"adaptive/x.go:3: time: time.Now belongs in clock.go; take a Clock or an instant"}},
		{name: "clock read under another name, as a value", file: "pool/x.go", body: "import clk \"time\"\nvar f = clk.AfterFunc",
			want: []string{"pool/x.go:3: time: time.AfterFunc belongs in clock.go; take a Clock or an instant"}},
		{name: "dot import", file: "pool/x.go", body: "import . \"time\"\nvar t = Now()",
			want: []string{"pool/x.go:2: randomness and time: a dot import of time hides what is used of it"}},
		{name: "old random package, in a program too", file: "examples/a/x.go", body: `import _ "math/rand"`,
			want: []string{"examples/a/x.go:2: randomness: math/rand has a global seed; take a *rand.Rand of math/rand/v2"}},
		{name: "global random source, in a program too", file: "cmd/flyball/x.go", body: "import \"math/rand/v2\"\nvar n = rand.IntN(3)",
			want: []string{"cmd/flyball/x.go:3: randomness: rand.IntN draws from the global source; take a *rand.Rand"}},

		{name: "what the core may import", file: "adaptive/x.go", body: hist + "\nimport _ \"sync\""},
		{name: "what a harness may import", file: "simulate/x.go", body: `import _ "` + module + `/adaptive/corelimit"`},
		{name: "a program's own packages", file: "cmd/flyball/x.go", body: `import _ "` + module + `/cmd/flyball/internal/report"`},
		{name: "clock file", file: "breaker/clock.go", body: "import \"time\"\nvar t = time.Now()"},
		{name: "program that reads the clock", file: "examples/a/x.go", body: "import \"time\"\nvar t = time.Now()"},
		{name: "durations and a method called Now", file: "pool/x.go", body: "import \"time\"\nvar d = time.Second\nfunc f(c interface{ Now() time.Time }) { c.Now() }"},
		{name: "variable called like the package", file: "pool/x.go", body: "import \"time\"\nvar d time.Duration\nfunc f() { time := t{}; time.Now() }\ntype t struct{}\nfunc (t) Now() {}"},
		{name: "seeded randomness", file: "pool/x.go", body: "import \"math/rand/v2\"\nvar r = rand.New(rand.NewPCG(1, 2))\nvar n = r.IntN(3)"},
		{name: "test file", file: "adaptive/x_test.go", body: "import \"time\"\nimport _ \"" + module + "/simulate\"\nvar t = time.Now()"},
		{name: "test data", file: "adaptive/testdata/x.go", body: "import \"time\"\nvar t = time.Now()"},
		{name: "hidden folder", file: ".tmp/x.go", body: `import _ "math/rand"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			tree := fstest.MapFS{c.file: {Data: []byte("package x\n" + c.body + "\n")}}
			faults, err := Check(tree)
			require.NoError(t, err)
			require.Equal(t, c.want, faults)
		})
	}
}

func TestEveryFunctionThatReadsTheClockIsCaught(t *testing.T) {
	for _, f := range []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "Tick", "NewTicker"} {
		tree := fstest.MapFS{"pool/x.go": {Data: []byte("package x\nimport \"time\"\nvar f = time." + f + "\n")}}
		faults, err := Check(tree)
		require.NoError(t, err)
		require.Len(t, faults, 1, f)
	}
}

func TestCheckTellsOfAFileThatDoesNotParse(t *testing.T) {
	_, err := Check(fstest.MapFS{"pool/x.go": {Data: []byte("package pool\nfunc {")}})
	require.ErrorContains(t, err, "pool/x.go:2")
}

func TestEveryRowOfThePictureCanBeReached(t *testing.T) {
	for i, l := range layers {
		for _, above := range layers[:i] {
			require.NotEqual(t, above.place, l.place)
			if deep := above.place[len(above.place)-3:] == "..."; deep {
				require.False(t, covers(above.place, l.place), "%s hides %s", above.place, l.place)
			}
		}
	}
}
