package tune

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/simulate"
)

func TestObjectivesThatMakeNoSense(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "must begin with max or min and a metric",
		"goodput":                               "must begin with max or min and a metric",
		"best goodput":                          "must begin with max or min and a metric",
		"max speed":                             `"speed" is no metric, must be one of score, goodput`,
		"max score":                             "score is a comparison with the oracle",
		"min goodput":                           "the least of goodput is no aim",
		"max goodput where":                     "must begin with max or min",
		"max goodput where p99":                 "p99",
		"max goodput where p99 <= 5 bananas":    "bananas",
		"max goodput where p99 <= x of timeout": "must have a number above 0 before of timeout",
		"max goodput where p99 <= 0 of timeout": "must have a number above 0 before of timeout",
		"max goodput where rejected <= 1 of timeout":   "rejected",
		"max goodput where goodput >= 0.9 of oracle":   "is a comparison with the oracle",
		"max goodput where score >= 0.9":               "is a comparison with the oracle",
		"max goodput where knee: p99 <= 1s":            "must name no guards and no seeds",
		"max goodput where p99 <= 1s for 2 of 3 seeds": "must name no guards and no seeds",
	} {
		_, err := ParseObjective(text)
		assert.ErrorContains(t, err, want, text)
		assert.ErrorContains(t, err, "objective", text)
	}
}

func TestAnObjectiveJudgesARun(t *testing.T) {
	sc := scenario(t, overload)
	for _, c := range []struct {
		text        string
		p99         float64
		rejected    uint64
		worth, near float64
	}{
		{"max goodput", 9, 0, 100, 0},
		{"max goodput where p99 <= 200ms", 0.1, 0, 100, 0.5},
		{"max goodput where p99 <= 200ms", 0.4, 0, 100. / 16, 2},
		{"max goodput where p99 <= 0.5 of timeout", 0.4, 0, 100. / 16, 2},
		{"max goodput where p99 <= 200ms and rejected <= 5%", 0.2, 100, 100. / 16, 2},
		{"max goodput where goodput >= 200", 1, 0, 100. / 16, 2},
		{"min p99 where goodput >= 50", 0.25, 0, 4, 0.5},
		{"min rejected", 0.25, 100, 0.9, 0},
	} {
		o := objective(t, c.text)
		w, err := newWorld(sc, &o)
		require.NoError(t, err)
		r := &simulate.Result{
			Goodput: 100, Offered: 1000, Rejected: c.rejected, Latency: simulate.Quantiles{Count: 10, P99: c.p99},
		}
		_, worth, near, err := o.judge(w.sc, r)
		require.NoError(t, err)
		assert.InDelta(t, c.worth, worth, 1e-9, c.text)
		assert.InDelta(t, c.near, near, 1e-9, c.text)
	}

	o := objective(t, "min p99")
	_, worth, _, err := o.judge(sc, &simulate.Result{})
	require.NoError(t, err)
	require.Zero(t, worth, "where no call ends there is no latency")
}

func TestABoundInTimeoutsNeedsOne(t *testing.T) {
	o := objective(t, DefaultObjective)
	sc := scenario(t, overload)
	sc.Timeout = 0
	_, err := newWorld(sc, &o)
	require.ErrorContains(t, err, `scenario overload has no timeout for the bound "p99 <= 0.5 of timeout"`)
}
