package adaptive

import (
	"os"
	"runtime/debug"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// long reports whether tests may take minutes.
func long() bool { return os.Getenv("FLYBALL_LONG") == "1" }

// raced reports whether the race detector is on. What runs in one goroutine has
// nothing for it to find, and runs shorter.
func raced() bool {
	info, _ := debug.ReadBuildInfo()
	for _, s := range info.Settings {
		if s.Key == "-race" {
			return s.Value == "true"
		}
	}
	return false
}
