package arch

import (
	"fmt"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	testName = regexp.MustCompile(`\b(Test|Fuzz)[A-Z]\w+`)
	testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z]\w+)\(`)
	inFolder = regexp.MustCompile("\\| `\\./([a-z/]+)` \\|")
)

// TestEveryTestThatReliabilityNamesExists, in the package that its row names, and
// there is a row for every promise.
func TestEveryTestThatReliabilityNamesExists(t *testing.T) {
	page, err := os.ReadFile("../../docs/reliability.md")
	require.NoError(t, err)
	for i := 1; i <= 15; i++ {
		require.Contains(t, string(page), fmt.Sprintf("\n| I%d |", i))
	}
	folders := map[string]map[string]bool{}
	named := 0
	for line := range strings.Lines(string(page)) {
		names := testName.FindAllString(line, -1)
		if names == nil {
			continue
		}
		folder := inFolder.FindStringSubmatch(line)
		require.NotNil(t, folder, "names a test, and not its package: %s", line)
		have := folders[folder[1]]
		if have == nil {
			have = testsIn(t, "../../"+folder[1])
			folders[folder[1]] = have
		}
		for _, name := range names {
			require.True(t, have[name], "./%s has no %s", folder[1], name)
			named++
		}
	}
	require.Greater(t, named, 40, "the page has changed its form")
}

// testsIn is the names of the tests in a folder.
func testsIn(t *testing.T, folder string) map[string]bool {
	files, err := os.ReadDir(folder)
	require.NoError(t, err)
	names := map[string]bool{}
	for _, f := range files {
		if strings.HasSuffix(f.Name(), "_test.go") {
			src, err := os.ReadFile(path.Join(folder, f.Name()))
			require.NoError(t, err)
			for _, m := range testFunc.FindAllSubmatch(src, -1) {
				names[string(m[1])] = true
			}
		}
	}
	return names
}
