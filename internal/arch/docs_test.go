package arch

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func text(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../..", name))
	require.NoError(t, err)
	return string(b)
}

// What the guide shows is what is compiled and run.
func TestTheMigrationGuideShowsCodeThatIsCompiled(t *testing.T) {
	plain := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	source := plain(text(t, "bench/migration/example_test.go"))
	blocks := strings.Split(text(t, "docs/migration.md"), "```go\n")[1:]
	require.GreaterOrEqual(t, len(blocks), 8)
	for _, block := range blocks {
		code, _, closed := strings.Cut(block, "```")
		require.True(t, closed)
		require.Contains(t, source, plain(code))
	}
}

// An answer that names a test is worth as much as the test.
func TestTheQuestionsNameTestsThatAreThere(t *testing.T) {
	var tests strings.Builder
	for _, place := range []string{"adaptive", "breaker", "pool", "contrib/adaptivehttp"} {
		files, err := filepath.Glob(filepath.Join("../..", place, "*_test.go"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, f := range files {
			tests.WriteString(text(t, strings.TrimPrefix(f, "../../")))
		}
	}
	names := regexp.MustCompile(`Test[A-Z][A-Za-z0-9]+`).FindAllString(text(t, "docs/faq.md"), -1)
	require.Greater(t, len(names), 25)
	for _, name := range names {
		require.Contains(t, tests.String(), "func "+name)
	}
}

func TestTheOperationsGuideHasAParagraphForEachAlert(t *testing.T) {
	guide := text(t, "docs/operations.md")
	alerts := regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(text(t, "contrib/adaptiveprom/alerts.yaml"), -1)
	require.Greater(t, len(alerts), 10)
	for _, a := range alerts {
		require.Contains(t, guide, "### "+a[1]+"\n")
	}
}

// Links within the repository lead somewhere.
func TestLinksOfDocumentsLeadSomewhere(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	link := regexp.MustCompile(`\]\(([^)#\s{]+)[)#]`)
	for _, f := range append(files, "../../README.md") {
		for _, m := range link.FindAllStringSubmatch(text(t, strings.TrimPrefix(f, "../../")), -1) {
			if !strings.Contains(m[1], "://") {
				_, err := os.Stat(filepath.Join(filepath.Dir(f), m[1]))
				require.NoError(t, err, "a link of %s", f)
			}
		}
	}
}
