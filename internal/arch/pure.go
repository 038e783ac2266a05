package arch

import (
	"go/ast"
	"path"
	"strconv"
	"strings"
)

// clockReads are the functions of package time that read the machine's clock or
// wait on it.
var clockReads = map[string]bool{
	"Now": true, "Since": true, "Until": true, "Sleep": true, "After": true,
	"AfterFunc": true, "NewTimer": true, "Tick": true, "NewTicker": true,
}

// randNames are the names of math/rand/v2 that do not draw from the global
// source.
var randNames = map[string]bool{
	"New": true, "NewPCG": true, "NewChaCha8": true, "NewZipf": true,
	"Rand": true, "Source": true, "PCG": true, "ChaCha8": true, "Zipf": true,
}

// mayReadClock reports whether the rule of the clock leaves name alone: a
// package reads it in clock.go; a program, an adapter or what only tests and
// benchmarks use, where it likes.
func mayReadClock(name string) bool {
	if path.Base(name) == "clock.go" {
		return true
	}
	if dir := path.Dir(name); dir == "internal/servers" || dir == "internal/clienttest" {
		return true
	}
	top, _, _ := strings.Cut(name, "/")
	return top == "cmd" || top == "examples" || top == "bench" || top == "contrib"
}

// impurities calls report for each use of the clock or of unseeded randomness.
func impurities(name string, f *ast.File, report func(n ast.Node, rule, what string)) {
	local := map[string]string{} // name in this file → import path
	for _, im := range f.Imports {
		p, _ := strconv.Unquote(im.Path.Value)
		switch p {
		case "math/rand":
			report(im, "randomness", "math/rand has a global seed; take a *rand.Rand of math/rand/v2")
		case "time", "math/rand/v2":
			as := map[string]string{"time": "time", "math/rand/v2": "rand"}[p]
			if im.Name != nil {
				as = im.Name.Name
			}
			if as == "." {
				report(im, "randomness and time", "a dot import of "+p+" hides what is used of it")
			}
			local[as] = p
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := sel.X.(*ast.Ident)
		if !ok || x.Obj != nil { // a variable of that name, not the package
			return true
		}
		switch local[x.Name] {
		case "time":
			if clockReads[sel.Sel.Name] && !mayReadClock(name) {
				report(sel, "time", "time."+sel.Sel.Name+" belongs in clock.go; take a Clock or an instant")
			}
		case "math/rand/v2":
			if !randNames[sel.Sel.Name] {
				report(sel, "randomness", "rand."+sel.Sel.Name+" draws from the global source; take a *rand.Rand")
			}
		}
		return true
	})
}
