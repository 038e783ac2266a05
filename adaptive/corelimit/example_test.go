package corelimit_test

import (
	"fmt"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/adaptive/corelimit"
	"github.com/platinummonkey/go-concurrency-limits/core"
	"github.com/platinummonkey/go-concurrency-limits/limit"
)

func Example() {
	lim, err := adaptive.NewWith(adaptive.Config{}, adaptive.Parts{Law: corelimit.VegasWindowed})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(lim.Config().Law, lim.Limit())
	// Output: corelimit/vegas-win 6
}

// A limit that the program made itself, here one that it sets by hand.
func ExampleNew() {
	settable := limit.NewSettableLimit("mine", 12, nil)
	lim, err := adaptive.NewWith(adaptive.Config{}, adaptive.Parts{
		Law: corelimit.New(func() core.Limit { return settable }),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(lim.Limit())

	settable.SetLimit(20)
	if p, ok := lim.TryAcquire(); ok {
		p.Done(adaptive.Success)
	}
	fmt.Println(lim.Limit())
	// Output:
	// 12
	// 20
}
