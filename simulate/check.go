package simulate

import (
	"fmt"
	"math"
	"strings"
)

// A Verdict is what became of an assertion for one guard.
type Verdict struct {
	Assertion  int      `json:"assertion"` // index in Scenario.Assert
	Claim      string   `json:"claim"`     // without the guards it names
	Guard      string   `json:"guard"`
	Holds      bool     `json:"holds"`
	Repeatable bool     `json:"repeatable"` // false if the guard draws randomness of its own: the verdict may differ next time
	Need       int      `json:"need"`       // of Trials, at least
	Trials     []Trial  `json:"trials"`
	Over       Estimate `json:"over"` // the mean of the trials that have a value
	unit       unit
	never      bool // what a trial without a value means
}

// A Trial is an assertion, a guard and a seed.
type Trial struct {
	Seed  uint64   `json:"seed"`
	Holds bool     `json:"holds"`
	Value *float64 `json:"value"` // in seconds, per second, calls or a share; nil if the run has none, and then the claim does not hold
	Low   *float64 `json:"low"`   // nil if any value is high enough
	High  *float64 `json:"high"`  // nil if any value is low enough
}

// Check judges the assertions of sc by the runs in rep, each for all guards it is
// about, in the order of the scenario. An assertion that names guards of which
// none ran has no verdict. The error tells why rep cannot be judged by sc.
func Check(sc *Scenario, rep *Report) ([]Verdict, error) {
	if rep.Hash != sc.Hash() {
		return nil, fmt.Errorf("simulate: the report of %s is of another scenario than %s", rep.Scenario, sc.Name)
	}
	oracles := map[uint64]*Result{}
	for _, o := range rep.Of(oracleName) {
		oracles[o.Seed] = o
	}
	var verdicts []Verdict
	for i := range sc.Assert {
		a := &sc.Assert[i]
		if n := a.Seeds(); n > len(rep.Seeds) {
			return nil, fmt.Errorf("simulate: assert[%d]: %q: needs %d seeds, but %d ran", i, a.text, n, len(rep.Seeds))
		}
		for _, guard := range rep.Guards() {
			if !a.about(guard) {
				continue
			}
			runs := rep.Of(guard)
			if len(runs) != len(rep.Seeds) {
				return nil, fmt.Errorf("simulate: the report of %s has %d runs of %s for %d seeds", rep.Scenario, len(runs), guard, len(rep.Seeds))
			}
			v, err := a.judge(sc, runs, oracles)
			if err != nil {
				return nil, fmt.Errorf("simulate: assert[%d]: %q: %w", i, a.text, err)
			}
			v.Assertion, v.Guard, v.Repeatable = i, guard, runs[0].Repeatable
			verdicts = append(verdicts, v)
		}
	}
	return verdicts, nil
}

// judge puts an assertion to the runs of one guard.
func (a *Assertion) judge(sc *Scenario, runs []*Result, oracles map[uint64]*Result) (Verdict, error) {
	v := Verdict{Claim: a.claim(), Need: len(runs), unit: a.metric.unit, never: a.metric == &recovery}
	if a.seeds != nil {
		v.Need, runs = a.seeds.need, runs[:a.seeds.of]
	}
	var values []float64
	held := 0
	for _, r := range runs {
		o := oracles[r.Seed]
		if o == nil {
			return v, fmt.Errorf("no oracle for seed %d", r.Seed)
		}
		t, err := a.try(sc, r, o)
		if err != nil {
			return v, err
		}
		if t.Value != nil {
			values = append(values, *t.Value)
		}
		if t.Holds {
			held++
		}
		v.Trials = append(v.Trials, t)
	}
	v.Holds, v.Over = held >= v.Need, Estimated(values)
	return v, nil
}

func (a *Assertion) try(sc *Scenario, r, o *Result) (Trial, error) {
	t := Trial{Seed: r.Seed}
	x, ok, err := a.value(sc, r, o)
	if err != nil {
		return t, err
	}
	low, high := a.low, a.high
	if a.ofOracle {
		best, has, err := a.value(sc, o, o)
		if err != nil {
			return t, err
		}
		// What the oracle has not cannot be compared with.
		ok = ok && has
		low, high = times(low, best), times(high, best)
	}
	if !math.IsInf(low, 0) {
		t.Low = &low
	}
	if !math.IsInf(high, 0) {
		t.High = &high
	}
	if ok {
		t.Value, t.Holds = &x, low <= x && x <= high
	}
	return t, nil
}

// times leaves a bound that there is not as it is, whatever it is multiplied with.
func times(bound, factor float64) float64 {
	if math.IsInf(bound, 0) {
		return bound
	}
	return bound * factor
}

// value is what the assertion is about, if r has it.
func (a *Assertion) value(sc *Scenario, r, o *Result) (x float64, ok bool, err error) {
	switch {
	case a.metric == &recovery:
		at, err := a.since.of(sc)
		if err != nil {
			return 0, false, err
		}
		c := r.converged(at.Seconds(), sc.Duration.Seconds(), o)
		if c.Took == nil {
			return 0, false, nil
		}
		return *c.Took, true, nil
	case a.window != nil:
		s, err := a.window.span(sc)
		if err != nil {
			return 0, false, err
		}
		x, ok = a.metric.in(r, s)
	default:
		x, ok = a.metric.of(r)
	}
	return x, ok && !math.IsNaN(x), nil
}

// mostTold is how many of the trials that went wrong a sentence has.
const mostTold = 5

// String says in one line what became of the assertion, with the value and the
// bound of trials that went wrong.
func (v Verdict) String() string {
	var b strings.Builder
	b.WriteString(v.Guard)
	if !v.Repeatable {
		b.WriteString(" (not repeatable)")
	}
	fmt.Fprintf(&b, ": %s: ", v.Claim)
	wrong := 0
	for _, t := range v.Trials {
		if !t.Holds {
			wrong++
		}
	}
	n := len(v.Trials)
	switch {
	case v.Holds && n == 1:
		b.WriteString("holds, " + v.unit.format(*v.Trials[0].Value))
		return b.String()
	case v.Holds:
		fmt.Fprintf(&b, "holds for %d of %d seeds, %s ± %s", n-wrong, n, v.unit.format(v.Over.Mean), v.unit.format(v.Over.Half))
		return b.String()
	case n > 1:
		fmt.Fprintf(&b, "held for %d of %d seeds, not %d; ", n-wrong, n, v.Need)
	}
	told := 0
	for _, t := range v.Trials {
		if t.Holds {
			continue
		}
		if told == mostTold {
			fmt.Fprintf(&b, " and %d more", wrong-told)
			break
		}
		if told > 0 {
			b.WriteString(", ")
		}
		b.WriteString(v.fault(&t))
		told++
	}
	return b.String()
}

// fault says how a trial went wrong.
func (v *Verdict) fault(t *Trial) string {
	at := fmt.Sprintf("seed %d ", t.Seed)
	switch {
	case t.Value == nil && v.never:
		return at + "never did"
	case t.Value == nil:
		return at + "has no such value"
	case t.Low != nil && *t.Value < *t.Low:
		return at + "has " + v.unit.compare(*t.Value, "below", *t.Low)
	}
	return at + "has " + v.unit.compare(*t.Value, "above", *t.High)
}

// compare writes two numbers with as many digits as it takes to see that they
// differ.
func (u unit) compare(x float64, how string, y float64) string {
	a, b := u.format(x), u.format(y)
	if a == b {
		a, b = fmt.Sprint(x), fmt.Sprint(y)
	}
	return a + ", " + how + " " + b
}
