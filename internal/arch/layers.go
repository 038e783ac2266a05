package arch

import (
	"strings"
)

const module = "github.com/flyball-go/flyball"

// A layer says what the packages at a place may import besides the standard
// library. A place and what it may import are folders of the repository; one
// that ends in "/..." means the folder and all below it.
type layer struct {
	place   string
	inside  []string // folders of this repository
	outside []string // modules of others, by prefix; "*" means any
}

const (
	gobreaker = "github.com/sony/gobreaker/v2"
	coreLimit = "github.com/platinummonkey/go-concurrency-limits/"
	yaml      = "go.yaml.in/yaml/v4"
	xTime     = "golang.org/x/time/"
	backoff   = "github.com/cenkalti/backoff/v5"
)

// tested is what the harness and the tools above it drive.
var tested = []string{"adaptive/...", "breaker", "pool", "simulate/trace", "internal/hist", "internal/strict"}

// layers is the picture of the house, the first row that fits decides. Arrows
// point down only: core, users, harness, tools, programs.
var layers = []layer{
	{place: "internal/hist"},
	{place: "internal/stripe"},
	{place: "internal/strict", outside: []string{yaml}},
	{place: "adaptive", inside: []string{"internal/hist", "internal/stripe"}},
	{place: "adaptive/corelimit", inside: []string{"adaptive"}, outside: []string{coreLimit}},
	{place: "adaptive/configfile", inside: []string{"adaptive", "internal/strict"}, outside: []string{yaml}},
	{place: "adaptive/...", inside: []string{"adaptive", "internal/hist"}},

	{place: "breaker", inside: []string{"adaptive", "internal/stripe"}, outside: []string{gobreaker}},
	{place: "pool", inside: []string{"adaptive", "internal/hist"}, outside: []string{xTime, backoff}},
	{place: "contrib/adaptivehttp", inside: []string{"adaptive"}},
	{place: "contrib/...", inside: []string{"adaptive"}, outside: []string{"*"}},

	{place: "simulate/trace"},
	{place: "simulate", inside: tested, outside: []string{yaml}},
	{place: "simulate/...", inside: append([]string{"simulate"}, tested...), outside: []string{yaml}},

	{place: "cmd/flyball/...", inside: append([]string{"simulate/...", "contrib/adaptivehttp", "cmd/flyball/..."}, tested...), outside: []string{"*"}},
	{place: "examples/...", inside: append([]string{"simulate/...", "contrib/..."}, tested...)},
	{place: "internal/drawn", inside: []string{"simulate"}},
	{place: "bench/...", inside: append([]string{"simulate/...", "contrib/...", "bench/...", "internal/drawn", "internal/servers"}, tested...), outside: []string{"*"}},
	{place: "internal/arch"},
	{place: "internal/fleet"},
	{place: "internal/faults", inside: []string{"adaptive", "breaker", "contrib/...", "internal/servers"}, outside: []string{"*"}},
	{place: "internal/raced"},
	{place: "internal/servers"},
	{place: "internal/mutants"},
	{place: "internal/clienttest", inside: []string{"adaptive", "internal/servers"}, outside: []string{"*"}},
}

func layerOf(pkg string) (layer, bool) {
	for _, l := range layers {
		if covers(l.place, pkg) {
			return l, true
		}
	}
	return layer{}, false
}

// allows reports whether a package of this layer may import path.
func (l layer) allows(path string) bool {
	if folder, ok := insideModule(path); ok {
		return anyCovers(l.inside, folder)
	}
	if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
		return true // of the standard library
	}
	for _, prefix := range l.outside {
		if prefix == "*" || strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

func (l layer) String() string {
	may := append([]string{"the standard library"}, l.inside...)
	for _, o := range l.outside {
		if o == "*" {
			o = "other modules"
		}
		may = append(may, o)
	}
	return l.place + " may import " + strings.Join(may, ", ")
}

func insideModule(path string) (folder string, ok bool) {
	if path == module {
		return ".", true
	}
	return strings.CutPrefix(path, module+"/")
}

func anyCovers(places []string, folder string) bool {
	for _, p := range places {
		if covers(p, folder) {
			return true
		}
	}
	return false
}

func covers(place, folder string) bool {
	above, deep := strings.CutSuffix(place, "/...")
	return folder == above || deep && strings.HasPrefix(folder, above+"/")
}
