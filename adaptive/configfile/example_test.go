package configfile_test

import (
	"fmt"
	"log"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/adaptive/configfile"
	"github.com/flyball-go/flyball/breaker"
)

// A program reads a limiter and the breaker in front of it from one file.
func Example() {
	const text = `
version: 1
limiter:
  name: users
  max: 200
  max-wait: 250ms
breaker:
  rate: 0.25
`
	var b breaker.Config
	f, err := configfile.Parse("users.yaml", []byte(text), configfile.Sections{"breaker": &b}) // or Load("users.yaml", …)
	if err != nil {
		log.Fatal(err)
	}
	lim, err := adaptive.New(f.Limiter)
	if err != nil {
		log.Fatal(err)
	}
	guard, err := breaker.New(lim, b)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(lim.Config().Max, lim.Config().MaxWait, guard.State())
	// Output: 200 250ms closed
}

// All faults of a file come at once.
func Example_faults() {
	const text = `
version: 1
limiter:
  max: 1.5
  max-wiat: 250ms
  law: vega
`
	_, err := configfile.Parse("users.yaml", []byte(text), nil)
	fmt.Println(err)
	// Output:
	// users.yaml:4: limiter.max: is "1.5", must be a whole number
	// users.yaml:5: limiter.max-wiat: unknown key, must be max-wait?
	// users.yaml:6: limiter.law: "vega" is unknown; the laws are aimd, fair, fixed, gradient, knee, vegas
}
