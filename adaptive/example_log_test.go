package adaptive_test

import (
	"log/slog"
	"os"

	"github.com/flyball-go/flyball/adaptive"
)

// What moved the limit, and why, in the program's log. A limit that stays is at level
// Debug, so the usual level Info says only what changed.
func ExampleLogDecisions() {
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key {
			case "level", "msg", "limiter", "from", "to", "reason":
				return a
			}
			return slog.Attr{} // the numbers that decided, left out here
		},
	}))
	told := adaptive.LogDecisions(log)
	if _, err := adaptive.NewWith(adaptive.Config{Name: "stock"}, adaptive.Parts{OnDecision: told}); err != nil {
		panic(err)
	}

	// Under load the limiter decides some times a second; one such decision is:
	told(adaptive.Decision{Name: "stock", From: 20, To: 16, Reason: "queue estimate above beta", Value: 7.1, Bound: 5.2})
	// Output: level=INFO msg="adaptive limit" limiter=stock from=20 to=16 reason="queue estimate above beta"
}
