package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// Check reads every Go file of a repository and returns what breaks a rule, one
// line each: file:line: rule: what, and what would be right. Test files may
// import what they like and read any clock.
func Check(repository fs.FS) ([]string, error) {
	var faults []string
	err := fs.WalkDir(repository, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != "." && (base == "testdata" || base[0] == '.' || base[0] == '_') {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		src, err := fs.ReadFile(repository, name)
		if err != nil {
			return err
		}
		found, err := checkFile(name, src)
		faults = append(faults, found...)
		return err
	})
	return faults, err
}

func checkFile(name string, src []byte) (faults []string, err error) {
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, name, src, 0)
	if err != nil {
		return nil, err
	}
	report := func(n ast.Node, rule, what string) {
		faults = append(faults, fmt.Sprintf("%s:%d: %s: %s", name, files.Position(n.Pos()).Line, rule, what))
	}
	l, ok := layerOf(path.Dir(name))
	if !ok {
		report(f, "layers", path.Dir(name)+" is not in the picture; give it a row in internal/arch/layers.go")
	}
	for _, im := range f.Imports {
		if p, _ := strconv.Unquote(im.Path.Value); ok && !l.allows(p) {
			report(im, "layers", p+" is not below "+path.Dir(name)+"; "+l.String())
		}
	}
	impurities(name, f, report)
	return faults, nil
}
