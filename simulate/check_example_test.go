package simulate_test

import (
	"context"
	"fmt"

	"github.com/flyball-go/flyball/simulate"
)

func ExampleCheck() {
	sc, err := simulate.Parse("brownout.yaml", []byte(`
duration: 60s
load: {poisson: 480}
timeout: 2s
downstream: {servers: 20, service: {exp: 50ms}}
faults: {slow: 5, at: 20s, for: 10s}
guards: [none, fixed:1x]
assert:
  - fixed:1x: goodput >= 0.9 of oracle
  - recovers within 5s of fault.end
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := new(simulate.Runner).Compare(context.Background(), sc)
	if err != nil {
		fmt.Println(err)
		return
	}
	verdicts, err := simulate.Check(sc, report)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, v := range verdicts {
		fmt.Println(v)
	}
	// Output:
	// fixed:1x: goodput >= 0.9 of oracle: holds, 308.4/s
	// none: recovers within 5s of fault.end: seed 1 never did
	// fixed:1x: recovers within 5s of fault.end: holds, 0s
}
