package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/flyball-go/flyball/simulate"
)

// underTest is what --law names, or else the scenario, or else simulate, each
// once.
func underTest(law []string, sc *simulate.Scenario) []string {
	names := law
	if len(names) == 0 {
		names = sc.Guards
	}
	if len(names) == 0 {
		names = simulate.DefaultGuards()
	}
	var guards []string
	for _, g := range names {
		if !slices.Contains(guards, g) {
			guards = append(guards, g)
		}
	}
	return guards
}

// checkLaws finds the faults of --law.
func checkLaws(law []string) error {
	var errs []error
	for _, name := range law {
		if err := simulate.CheckGuard(name); err != nil {
			errs = append(errs, fmt.Errorf("--law: %s", strings.ReplaceAll(err.Error(), "\n", "\n--law: ")))
		}
	}
	return errors.Join(errs...)
}
