package tune_test

import (
	"context"
	"fmt"
	"log"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/simulate"
	"github.com/flyball-go/flyball/simulate/tune"
)

// A limit of one is far too low for eight servers. The search finds a better one and
// says what is to be expected of it.
func Example() {
	sc, err := simulate.Parse("peak.yaml", []byte(`
duration: 3s
load: {poisson: 240}
timeout: 400ms
downstream: {servers: 8, service: {lognormal: 40ms, sigma: 0.3}}
`))
	if err != nil {
		log.Fatal(err)
	}
	space, err := tune.Parse("space.yaml", []byte(`
version: 1
law: {fixed: {limit: {min: 1, max: 300, scale: log}}}
limiter: {queue: -1}
`))
	if err != nil {
		log.Fatal(err)
	}
	search := tune.Search{
		Scenarios: []*simulate.Scenario{sc}, Space: space, Candidates: 16,
		InForce: tune.Setting{Limiter: adaptive.Config{Law: "fixed:1", Queue: -1}},
	}
	found, err := search.Run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	file := found.File() // found.File().Write("limiter.yaml") keeps it
	fmt.Println("keep what is in force:", found.Keep)
	fmt.Println("within a tenth of the best fixed limit:", found.Trials[0].Winner > 0.9)
	fmt.Println("more than one at a time:", file.Expected.MaxLimit > 1)
	// Output:
	// keep what is in force: false
	// within a tenth of the best fixed limit: true
	// more than one at a time: true
}
