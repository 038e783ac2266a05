package servers

import "testing"

// Chromium returns the path of the browser that looks at pages, or ends the test
// like [Require].
func Chromium(t testing.TB) string {
	t.Helper()
	path, err := find("chromium", "chromium")
	Require(t, err)
	return path
}
