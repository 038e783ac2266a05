package tune

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flyball-go/flyball/simulate"
)

// DefaultObjective is what a search wants unless told otherwise.
const DefaultObjective = "max goodput where p99 <= 0.5 of timeout"

// An Objective is what a search wants: the most or least of a metric, under
// bounds. As text it is
//
//	max goodput where p99 <= 300ms
//	max goodput where p99 <= 0.5 of timeout and rejected <= 5%
//	min p99 where goodput >= 450
//
// A bound is an assertion as a scenario has it, without the oracle; "of timeout"
// stands for that of each scenario. docs/metrics.md has the metrics.
type Objective struct {
	text   string
	metric string
	least  bool
	claims []claim
}

// claim is a bound, before it is known what scenario it is about.
type claim struct {
	text      string
	before    string  // of the number, if it is a multiple of the time-out
	ofTimeout float64 // 0 if it is not
}

const ofTimeout = " of timeout"

// ParseObjective reads a text. The error says what is wrong with it.
func ParseObjective(text string) (Objective, error) {
	fail := func(format string, args ...any) (Objective, error) {
		return Objective{}, fmt.Errorf("objective %q: %s", text, fmt.Sprintf(format, args...))
	}
	aim, bounds, bounded := strings.Cut(strings.TrimSpace(text), " where ")
	words := strings.Fields(aim)
	if len(words) != 2 || words[0] != "max" && words[0] != "min" {
		return fail("must begin with max or min and a metric, as in %s", DefaultObjective)
	}
	o := Objective{text: strings.TrimSpace(text), metric: words[1], least: words[0] == "min"}
	if !slices.Contains(simulate.MetricNames(), o.metric) {
		return fail("%q is no metric, must be one of %s", o.metric, strings.Join(simulate.MetricNames(), ", "))
	}
	switch {
	case o.metric == "score":
		return fail("score is a comparison with the oracle, which a search does without")
	case o.least && !canBeLeast(o.metric):
		return fail("the least of %s is no aim, must be a latency, a share, makespan or amplification", o.metric)
	}
	if !bounded {
		return o, nil
	}
	for bound := range strings.SplitSeq(bounds, " and ") {
		c, err := parseClaim(strings.TrimSpace(bound))
		if err != nil {
			return fail("%v", err)
		}
		o.claims = append(o.claims, c)
	}
	return o, nil
}

func parseClaim(text string) (claim, error) {
	c := claim{text: text}
	example := text
	if head, is := strings.CutSuffix(text, ofTimeout); is {
		i := strings.LastIndexByte(head, ' ')
		x, err := strconv.ParseFloat(head[i+1:], 64)
		if i < 0 || err != nil || !(x > 0) || math.IsInf(x, 0) {
			return c, fmt.Errorf("%q: must have a number above 0 before%s", text, ofTimeout)
		}
		c.before, c.ofTimeout = head[:i+1], x
		example = c.before + "1s"
	}
	a, err := simulate.ParseAssertion(example)
	switch {
	case err != nil:
		return c, err
	case a.NeedsOracle():
		return c, fmt.Errorf("%q: is a comparison with the oracle, which a search does without", text)
	case len(a.Names()) > 0 || a.Seeds() > 1:
		return c, fmt.Errorf("%q: must name no guards and no seeds", text)
	}
	return c, nil
}

var leasts = []string{"rejected", "late", "refused", "failed", "wasted", "makespan", "amplification"}

func canBeLeast(metric string) bool {
	return slices.Contains(leasts, metric) || isTime(metric)
}

func isTime(metric string) bool {
	return metric[0] == 'p' || strings.HasPrefix(metric, "rtt.") || strings.HasPrefix(metric, "latency.")
}

// String is the objective as it was written.
func (o Objective) String() string { return o.text }

// on is the objective's bounds for sc.
func (o *Objective) on(sc *simulate.Scenario) ([]simulate.Assertion, error) {
	var all []simulate.Assertion
	for _, c := range o.claims {
		text := c.text
		if c.ofTimeout > 0 {
			if sc.Timeout == 0 {
				return nil, fmt.Errorf("scenario %s has no timeout for the bound %q, must have one, or the bound be a time", sc.Name, c.text)
			}
			text = c.before + time.Duration(c.ofTimeout*float64(sc.Timeout)).String()
		}
		a, err := simulate.ParseAssertion(text)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// wall is how steeply the worth of a run falls with what it is beyond a bound: a
// tenth too much costs a third.
const wall = 4

// judge reads what the objective asks for from a run of sc, whose assertions are
// those of on: the metric, what it is worth, and how near the nearest bound is, 1 on
// it and more beyond.
func (o *Objective) judge(sc *simulate.Scenario, r *simulate.Result) (value, worth, near float64, err error) {
	value, err = r.Metric(o.metric)
	if err != nil {
		return 0, 0, math.MaxFloat64, nil //nolint:nilerr // a run in which no call ended has no latency, and is worth nothing
	}
	worth = value
	if o.least {
		switch {
		case !isTime(o.metric) && o.metric != "makespan" && o.metric != "amplification":
			worth = 1 - value
		case value > 0:
			worth = 1 / value
		default:
			worth = 0
		}
	}
	for _, a := range sc.Assert {
		t, err := a.Try(sc, r)
		if err != nil {
			return 0, 0, 0, err
		}
		beyond := beyond(t)
		near = max(near, beyond)
		if beyond > 1 {
			worth *= math.Pow(beyond, -wall)
		}
	}
	return value, worth, near, nil
}

// beyond is how many times a trial is what its bound allows.
func beyond(t simulate.Trial) float64 {
	const hopeless = math.MaxFloat64
	if t.Value == nil {
		return hopeless
	}
	x := 0.0
	if t.High != nil {
		x = excess(*t.Value, *t.High)
	}
	if t.Low != nil {
		x = max(x, excess(*t.Low, *t.Value))
	}
	return x
}

func excess(value, bound float64) float64 {
	switch {
	case value <= 0:
		return 0
	case bound <= 0:
		return math.MaxFloat64
	}
	return value / bound
}
