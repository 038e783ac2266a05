package lawtest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/flyball-go/flyball/adaptive"
)

// A Property is one promise of a law.
type Property string

const (
	// Finite: whatever happens, a law asks for a finite limit and gives finite
	// numbers as its reason.
	Finite Property = "asks for finite limits"
	// InBounds: it asks for a limit within Window.Min and Window.Max.
	InBounds Property = "stays in bounds"
	// Explained: every decision has a Reason.
	Explained Property = "gives its reasons"
	// Repeatable: the same calls give the same decisions.
	Repeatable Property = "repeats itself"
	// ScaleFree: if all takes 1,024 times as long, the limits are the same.
	ScaleFree Property = "is free of scale in time"
	// Grows: where nothing queues and every place is used, the limit doubles at
	// least.
	Grows Property = "grows when free and used"
	// Unused: a limit that nobody reaches does not grow without bound.
	Unused Property = "does not grow when unused"
	// CutsOnTimeOuts and CutsOnRefusals: the limit halves at least while most calls
	// time out or are refused.
	CutsOnTimeOuts Property = "cuts on time-outs"
	CutsOnRefusals Property = "cuts on refusals"
	// FindsTheKnee: where calls beyond 20 queue, the limit ends between 10 and 80.
	FindsTheKnee Property = "ends near the knee"
	// IgnoresTheRest: calls that were Ignored, Failed or Abandoned move nothing.
	IgnoresTheRest Property = "is not moved by what tells nothing of load"
)

// properties are all, in the order in which they are checked.
var properties = []struct {
	is    Property
	check func(*subject) error
}{
	{Finite, finite}, {InBounds, inBounds}, {Explained, explained},
	{Repeatable, repeatable}, {ScaleFree, scaleFree},
	{Grows, grows}, {Unused, unused},
	{CutsOnTimeOuts, cutsOnTimeOuts}, {CutsOnRefusals, cutsOnRefusals},
	{FindsTheKnee, findsTheKnee}, {IgnoresTheRest, ignoresTheRest},
}

// Run checks every property of law but those in except, each as a test of its own. A
// property in except must not hold: if it does, that is a fault, too, so that a
// list of exceptions stays true; unless Repeatable is in except, for then chance decides
// what holds.
func Run(t *testing.T, law adaptive.Law, except ...Property) {
	t.Helper()
	s := &subject{law: law}
	random := slices.Contains(except, Repeatable)
	for _, p := range properties {
		t.Run(string(p.is), func(t *testing.T) {
			err := p.check(s)
			switch excepted := slices.Contains(except, p.is); {
			case excepted && err == nil && random:
			case excepted && err == nil:
				t.Errorf("%v: holds, though it is said not to", law)
			case !excepted && err != nil:
				t.Errorf("%v: %v", law, err)
			}
		})
	}
}

// Check returns how law breaks a property, or nil.
func Check(law adaptive.Law, p Property) error {
	for _, known := range properties {
		if known.is == p {
			return known.check(&subject{law: law})
		}
	}
	return fmt.Errorf("lawtest: property %q is not known", p)
}
