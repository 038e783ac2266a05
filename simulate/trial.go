package simulate

import "fmt"

// NeedsOracle reports whether the claim is a comparison with the oracle.
func (a Assertion) NeedsOracle() bool {
	return a.ofOracle || a.metric == &recovery || a.metric != nil && a.metric.name == "score"
}

// Try puts the claim to one run of sc, whatever guard and seed it is of. It is an
// error if the claim needs an oracle, or a window that sc does not measure
// because the claim is not among its assertions.
func (a Assertion) Try(sc *Scenario, r *Result) (Trial, error) {
	if a.metric == nil || a.NeedsOracle() {
		return Trial{}, fmt.Errorf("simulate: %q: cannot be judged without the oracle", a.text)
	}
	return a.try(sc, r, r)
}
