package adaptive

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// long reports whether tests may take minutes.
func long() bool { return os.Getenv("FLYBALL_LONG") == "1" }
