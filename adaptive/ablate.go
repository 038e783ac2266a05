package adaptive

import (
	"fmt"
	"math/bits"
	"strings"
)

// parts are parts of the default law that can be left out, as in
// "knee:without=probe+memory", to see what each is worth: docs/law.md has the table.
// Nobody should run without one.
type parts uint16

const (
	probes       parts = 1 << iota // measuring the baseline on purpose
	grid                           // … at instants that all clients share
	elasticity                     // … and not believing a rise that followed the concurrency
	concession                     // giving round trips the benefit of their standard error
	settling                       // waiting for a round trip after a change of the limit
	doubt                          // not counting short windows for the baseline while more and more calls are in flight
	patience                       // letting one window speak against start-up, and those in flight reach a limit under which round trips rise
	alarm                          // a probe at once when round trips rise, and the limit back if the downstream is slower
	memory                         // going back fast to the limit from before time-outs
	verification                   // a deep probe after any start-up, deeper ones while they meet a queue, and no going back to limits that it never saw good
	ledger                         // ending start-up where calls in flight come to nothing, and a bound from there
)

var partNames = [...]string{"probe", "grid", "elasticity", "concession", "settling", "doubt", "patience", "alarm", "memory", "verification", "ledger"}

// has reports whether the law works with part p.
func (without parts) has(p parts) bool { return without&p == 0 }

// String is the parts as parseParts reads them.
func (without parts) String() string {
	var names []string
	for p := without; p != 0; p &= p - 1 {
		names = append(names, partNames[bits.TrailingZeros16(uint16(p))])
	}
	return strings.Join(names, "+")
}

// parseKnee reads the arguments of "knee".
func parseKnee(law string, args []string) (k Knee, err error) {
	for _, arg := range args {
		list, ok := strings.CutPrefix(arg, "without=")
		if !ok {
			return k, fmt.Errorf("adaptive: law %q: it has no constants", law)
		}
		for _, name := range strings.Split(list, "+") {
			p := parts(0)
			for i, known := range partNames {
				if name == known {
					p = 1 << i
				}
			}
			if p == 0 {
				return k, fmt.Errorf("adaptive: law %q: %q is no part of it; they are %s", law, name, strings.Join(partNames[:], ", "))
			}
			k.without |= p
		}
	}
	return k, nil
}
