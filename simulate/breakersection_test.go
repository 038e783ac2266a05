package simulate

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/breaker"
	"github.com/flyball-go/flyball/internal/raced"
)

// Each fault of the section is one line with its place, whether the reader finds it
// or the breaker itself.
func TestFaultsOfABreakerNameLineAndKey(t *testing.T) {
	for section, want := range map[string]string{
		"breaker: 3":                                       "x.yaml:6: breaker: is \"3\", must be a mapping with one of silence, ",
		"breaker: {rtae: 0.5}":                             "x.yaml:6: breaker.rtae: unknown key, must be rate?",
		"breaker: {rate: 1.5}":                             "x.yaml:6: breaker.rate: is 1.5, must be above 0 and up to 1",
		"breaker: {rate: .nan}":                            "x.yaml:6: breaker.rate: ",
		"breaker: {rate: half}":                            "x.yaml:6: breaker.rate: ",
		"breaker: {rate: }":                                "x.yaml:6: breaker.rate: has no value; leave the key out instead",
		"breaker: {silence: 2}":                            "x.yaml:6: breaker.silence: is 2 without a unit, must be a duration such as 2s or 2ms",
		"breaker: {silence: -2s}":                          "x.yaml:6: breaker.silence: is -2s, must be positive",
		"breaker: {min-calls: -1}":                         "x.yaml:6: breaker.min-calls: is -1, must be 1 to",
		"breaker: {min-volume: 1.5}":                       "x.yaml:6: breaker.min-volume: ",
		"breaker: {window: 1us}":                           "x.yaml:6: breaker.window: is 1µs, must be at least 1ms",
		"breaker: {slow-after: 1s}":                        "x.yaml:6: breaker.slow-after: is 1s but SlowRate is never",
		"breaker: {slow-rate: 2}":                          "x.yaml:6: breaker.slow-rate: is 2, must be",
		"breaker: {consecutive: -2}":                       "x.yaml:6: breaker.consecutive: is -2, must be",
		"breaker: {at-floor: -2}":                          "x.yaml:6: breaker.at-floor: is -2, must be",
		"breaker: {probe-share: -1}":                       "x.yaml:6: breaker.probe-share: is -1, must be",
		"breaker: {probe-within: 9000h}":                   "x.yaml:6: breaker.probe-within: is 9000h0m0s, must be",
		"breaker: {open: {base: -1s}}":                     "x.yaml:6: breaker.open.base: is -1s, must be",
		"breaker: {open: {factor: 0.5}}":                   "x.yaml:6: breaker.open.factor: is 0.5, must be",
		"breaker: {open: {jitter: 2}}":                     "x.yaml:6: breaker.open.jitter: is 2, must be",
		"breaker:\n  open:\n    max: 0.1":                  "x.yaml:8: breaker.open.max: is 0.1 without a unit",
		"breaker: {open: {base: 2s, max: 1s}}":             "x.yaml:6: breaker.open.base: is 2s, above Open.Max 1s",
		"breaker: {silence: -1ns, rate: -1, at-floor: -1}": "x.yaml:6: breaker: Silence, Rate, SlowRate, Consecutive and AtFloor are all never",
	} {
		_, err := Parse("x.yaml", []byte(minimal("", section)))
		require.ErrorContains(t, err, want, section)
		require.NotContains(t, err.Error(), "\n", section)
	}
	_, err := Parse("x.yaml", []byte(minimal("", "breaker:\n  rate: 2\n  window: 1ns\n  open: {factor: 0.1}")))
	require.EqualError(t, err, `x.yaml:7: breaker.rate: is 2, must be above 0 and up to 1, or 0 for 0.8, −1 for never
x.yaml:8: breaker.window: is 1ns, must be at least 1ms and at most 720h0m0s, or 0 for 10s
x.yaml:9: breaker.open.factor: is 0.1, must be a number of at least 1, or 0 for 1.1`)

	sc := simple(100, 20, time.Second)
	sc.Breaker.Rate = 2
	require.ErrorContains(t, sc.Validate(), "breaker.rate: is 2", "one made in Go")
}

func TestTheBreakerOfAScenarioIsInEveryGuardThatHasOne(t *testing.T) {
	raced.Spare(t)
	outage := func(c breaker.Config) *Scenario {
		sc := simple(100, 20, 30*time.Second)
		sc.Timeout, sc.Breaker = time.Second, c
		sc.Faults = []Fault{{Kind: Errors, Value: 1, At: 10 * time.Second, For: 10 * time.Second}}
		return sc
	}
	for _, guard := range []string{"breaker", "coupled", "chained", "vegas+breaker", "fixed:20+breaker", "fixed:1x+breaker", "knee"} {
		usual, err := Run(context.Background(), outage(breaker.Config{}), guard)
		require.NoError(t, err)
		once, err := Run(context.Background(), outage(breaker.Config{AtFloor: 3, Open: breaker.Backoff{Base: 20 * time.Second}}), guard)
		require.NoError(t, err, "%s: a rule that cannot fire here may fire in another guard of the scenario", guard)
		if guard == "knee" {
			require.Zero(t, usual.Trips)
			require.Zero(t, once.Trips)
			continue
		}
		require.Greater(t, usual.Trips, uint64(3), guard)
		require.EqualValues(t, 1, once.Trips, guard)
	}
}

func TestTheBreakerOfAScenarioIsPartOfItsHash(t *testing.T) {
	a := simple(100, 20, time.Second)
	b := *a
	b.Breaker.Rate = 0.5
	require.NotEqual(t, a.Hash(), b.Hash())
}

func TestACandidateHasItsOwnBreaker(t *testing.T) {
	sc := simple(100, 20, 30*time.Second)
	sc.Timeout = time.Second
	sc.Faults = []Fault{{Kind: Errors, Value: 1, At: 10 * time.Second, For: 10 * time.Second}}
	own := breaker.Config{Open: breaker.Backoff{Base: 20 * time.Second}}
	want, err := new(Runner).Play(context.Background(), sc, Candidate{Name: "c", Breaker: &own})
	require.NoError(t, err)
	sc.Breaker.Rate = 0.1
	got, err := new(Runner).Play(context.Background(), sc, Candidate{Name: "c", Breaker: &own})
	require.NoError(t, err)
	require.Equal(t, want, got)
}
