package simulate_test

import (
	"context"
	"fmt"
	"time"

	"github.com/flyball-go/flyball/simulate"
)

// Three limits in front of a downstream that is offered half as much again as it
// can serve. Without one, it works on calls whose callers have left.
func ExampleRunner_Compare() {
	sc, err := simulate.Parse("overload.yaml", []byte(`
duration: 60s
load: {poisson: 600}
timeout: 2s
downstream:
  servers: 20
  service: {exp: 50ms}
guards: [none, "fixed:1x", "fixed:2x"]
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
	for _, r := range report.Results {
		fmt.Printf("%-8s  %3.0f calls/s  p99 %4.0f ms  score %.2f\n", r.Guard, r.Goodput, 1000*r.Latency.P99, r.Score)
	}
	// Output:
	// none       37 calls/s  p99 2000 ms  score 0.03
	// fixed:1x  371 calls/s  p99  226 ms  score 0.95
	// fixed:2x  396 calls/s  p99  276 ms  score 0.89
	// oracle    389 calls/s  p99  229 ms  score 1.00
}

// A scenario can be made in Go as well, here with recorded arrivals.
func ExampleRun() {
	sc := &simulate.Scenario{
		Name:     "three calls at once",
		Duration: time.Second,
		Load:     []simulate.Phase{{Arrivals: simulate.Replay, Stamps: []time.Duration{0, 0, 0}}},
		Downstream: simulate.Downstream{
			Servers: []simulate.Step{{Servers: 1}},
			Service: simulate.Distribution{Kind: simulate.Const, Mean: 50 * time.Millisecond},
			Queue:   -1,
		},
	}
	r, err := simulate.Run(context.Background(), sc, "fixed:2")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Offered, "offered,", r.Served, "served,", r.Rejected, "rejected, slowest", r.Latency.Max)
	// Output: 3 offered, 2 served, 1 rejected, slowest 0.1
}

func ExampleParse() {
	_, err := simulate.Parse("typo.yaml", []byte("duration: 60\nlod: {poisson: 600}\n"))
	fmt.Println(err)
	// Output:
	// typo.yaml:1: duration: is 60 without a unit, must be a duration such as 60s or 60ms
	// typo.yaml:1: downstream.servers: is missing, must be how many there are
	// typo.yaml:1: downstream.service: is missing, must be a distribution such as {exp: 50ms}
	// typo.yaml:2: lod: unknown key, must be load?
}
