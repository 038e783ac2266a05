package lawtest_test

import (
	"fmt"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/adaptive/lawtest"
)

// Eager is a law that knows no overload.
type Eager struct{}

func (Eager) New() adaptive.Controller { return Eager{} }
func (Eager) String() string           { return "eager" }

func (Eager) Update(w adaptive.Window) adaptive.Decision {
	return adaptive.Decision{Limit: min(w.Limit+1, w.Max), Reason: "more is more", Next: adaptive.Collect{Samples: 100}}
}

// In a test, lawtest.Run(t, Eager{}) checks every property.
func ExampleCheck() {
	fmt.Println(lawtest.Check(Eager{}, lawtest.Grows))
	fmt.Println(lawtest.Check(Eager{}, lawtest.CutsOnTimeOuts))
	// Output:
	// <nil>
	// the limit is 111, from 111, after 5,000 calls of which most timed out
}
