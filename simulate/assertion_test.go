package simulate

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAssertionsAreRead(t *testing.T) {
	inf := math.Inf(1)
	sec := func(s int) instant { return instant{at: time.Duration(s) * time.Second} }
	edge := func(edge string, fault int) instant { return instant{edge: edge, fault: fault} }
	until := func(i instant) *instant { return &i }
	for _, c := range []struct {
		text string
		want Assertion // its text and metric are filled in
		of   string
	}{
		{"p99 <= 300ms after 60s", Assertion{low: -inf, high: 0.3, window: &stretch{from: sec(60)}}, "p99"},
		{"p99.9<=1.5s", Assertion{low: -inf, high: 1.5}, "p99.9"},
		{"limit.mean in 9..12 during 20s..60s", Assertion{low: 9, high: 12, window: &stretch{sec(20), until(sec(60))}}, "limit.mean"},
		{"limit.mean in 9 .. 12", Assertion{low: 9, high: 12}, "limit.mean"},
		{"goodput >= 0.9 of oracle", Assertion{low: 0.9, high: inf, ofOracle: true}, "goodput"},
		{"goodput >= 90% of oracle after 1s", Assertion{low: 0.9, high: inf, ofOracle: true, window: &stretch{from: sec(1)}}, "goodput"},
		{"goodput >= 0.9x", Assertion{low: 0.9, high: inf, ofOracle: true}, "goodput"},
		{"p50 in 0.5x..2x", Assertion{low: 0.5, high: 2, ofOracle: true}, "p50"},
		{"limit.mean in 0.8..1.25 of oracle", Assertion{low: 0.8, high: 1.25, ofOracle: true}, "limit.mean"},
		{"goodput >= 480/s", Assertion{low: 480, high: inf}, "goodput"},
		{"score >= 0.8", Assertion{low: 0.8, high: inf}, "score"},
		{"rejected <= 5%", Assertion{low: -inf, high: 0.05}, "rejected"},
		{"amplification <= 120%", Assertion{low: -inf, high: 1.2}, "amplification"},
		{"queue.max <= 40", Assertion{low: -inf, high: 40}, "queue.max"},
		{"recovers within 20s of 90s", Assertion{low: -inf, high: 20, since: sec(90)}, ""},
		{"recovers within 20s of fault.end", Assertion{low: -inf, high: 20, since: edge("end", -1)}, ""},
		{"recovers within 20s of fault[12].start", Assertion{low: -inf, high: 20, since: edge("start", 12)}, ""},
		{"late <= 1% during fault.start..fault[1].end", Assertion{low: -inf, high: 0.01, window: &stretch{edge("start", -1), until(edge("end", 1))}}, "late"},
		{"score >= 0.8 for 19 of 20 seeds", Assertion{low: 0.8, high: inf, seeds: &majority{19, 20}}, "score"},
		{"vegas, aimd: p99 <= 300ms", Assertion{low: -inf, high: 0.3, guards: []string{"vegas", "aimd"}}, "p99"},
		{"fixed:1x,vegas:alpha=3+breaker: score>=0", Assertion{low: 0, high: inf, guards: []string{"fixed:1x", "vegas:alpha=3+breaker"}}, "score"},
		{" oracle: score >= 1 ", Assertion{low: 1, high: inf, guards: []string{"oracle"}}, "score"},
	} {
		a, err := ParseAssertion(c.text)
		require.NoError(t, err, c.text)
		c.want.text, c.want.metric = strings.TrimSpace(c.text), metricNamed(c.of)
		if c.of == "" {
			c.want.metric = &recovery
		}
		require.Equal(t, c.want, a, c.text)
	}
}

func TestFaultsOfAssertionsSayAfterWhichWord(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  `"": expected a metric or recovers, found the end`,
		"p99 =< 300ms":                      `"p99 =< 300ms": expected <=, >= or in after p99, found "=<"`,
		"p99 < 300ms":                       `"p99 < 300ms": expected <=, >= or in after p99, found "<"`,
		"p99":                               `"p99": expected <=, >= or in after p99, found the end`,
		"p99 <=":                            `expected a time such as 250ms after <=, found the end`,
		"p99 <= 300":                        `300 without a unit, must be a time such as 300s or 300ms`,
		"p99 <= 5%":                         `5%, must be a time such as 250ms or 2m`,
		"p99 <= -3ms":                       `-3ms, must be a time`,
		"p98 <= 300ms":                      `unknown metric "p98", perhaps p90; must be recovers or one of score, goodput, `,
		"lateness <= 3ms":                   `unknown metric "lateness"; must be recovers or one of score, goodput, `,
		"vegas:p99 <= 3ms":                  `unknown metric "vegas:p99"; guards end with a colon and a space, as in vegas: p99 <= 300ms`,
		"rejected <= 5":                     `5, must be a share from 0 to 1 such as 5% or 0.05`,
		"rejected <= 101%":                  `101%, must be a share`,
		"score >= 80ms":                     `80ms, must be a share`,
		"score >= nan":                      `nan, must be a share`,
		"score >= 1e999":                    `1e999, must be a share`,
		"goodput >= 480ms":                  `480ms, must be a number per second such as 480 or 480/s`,
		"goodput >= 5%":                     `5%, must be a number per second`,
		"limit.mean in 9..12ms":             `12ms, must be a number such as 12`,
		"limit.mean >= 0x10":                `0x10, must be a number such as 12`,
		"limit.mean >= 05":                  `05, must be a number such as 12`,
		"amplification <= x":                `x, must be a multiple of what the oracle has, such as 0.9 of oracle or 0.9x`,
		"goodput >= 5%x":                    `5%x, must be a multiple`,
		"limit.mean in 12..9":               `12 is above 9, must be the lower one first`,
		"limit.mean in 9":                   `expected .. after 9, found the end`,
		"limit.mean in 9..":                 `expected a number such as 12 after .., found the end`,
		"limit.mean in 9...12":              `.12, must be a number such as 12`,
		"limit.mean in 0.5x..2":             `0.5x and 2 differ, must both be multiples of what the oracle has or neither`,
		"goodput >= 0.9 of oracles":         `expected oracle after of, found "oracles"`,
		"goodput >= 0.9x of oracle":         `expected after, during, for or the end after 0.9x, found "of"`,
		"p99 <= 300ms aftr 60s":             `expected of oracle, after, during, for or the end after 300ms, found "aftr"`,
		"p99 <= 300ms after":                `expected a time such as 250ms after after, found the end`,
		"p99 <= 300ms after 60":             `60 without a unit, must be a time such as 60s or 60ms`,
		"p99 <= 300ms after faults.end":     `expected fault.start, fault.end, or fault[0].end if there are several after after, found "faults.end"`,
		"p99 <= 300ms after fault[-1].end":  `expected fault.start, fault.end, or fault[0].end`,
		"p99 <= 300ms during 20s":           `expected .. after 20s, found the end`,
		"p99 <= 300ms during 20s..":         `expected a time such as 250ms after .., found the end`,
		"p99 <= 300ms after 1s after 2s":    `expected for or the end after 1s, found "after"`,
		"score >= 0.8 after 60s":            `score is known of the whole run only; a part of it can be asked for goodput, offered, `,
		"queue.max <= 40 after 60s":         `queue.max is known of the whole run only; a part of it`,
		"failed <= 5% during 1s..2s":        `failed is known of the whole run only; a part of it`,
		"recovers":                          `expected within after recovers, found the end`,
		"recovers within 20":                `20 without a unit`,
		"recovers within 20s":               `expected of after 20s, found the end`,
		"recovers within 20s of":            `expected a time such as 250ms after of, found the end`,
		"recovers within 20s of fault":      `expected fault.start, fault.end, or fault[0].end if there are several after of, found "fault"`,
		"recovers within 2s of 1s after 3s": `expected for or the end after 1s, found "after"`,
		"score >= 0.8 for":                  `expected a number of seeds after for, found the end`,
		"score >= 0.8 for 1.5 of 2 seeds":   `expected a number of seeds after for, found "1.5"`,
		"score >= 0.8 for 0 of 2 seeds":     `0 seeds, must be from 1 to 10000`,
		"score >= 0.8 for 3 of 2 seeds":     `3 of 2 seeds, must be at most all of them`,
		"score >= 0.8 for 3 of 20000 seeds": `20000 seeds, must be from 1 to 10000`,
		"score >= 0.8 for 19":               `expected of after 19, found the end`,
		"score >= 0.8 for 19 of 20":         `expected seeds after 20, found the end`,
		"score >= 0.8 for 1 of 2 seeds !":   `expected the end after seeds, found "!"`,
		"vagas: score >= 0.8":               `"vagas"`,
		"vegas, vegas: score >= 0.8":        `guard vegas is there twice`,
		"vegas,: score >= 0.8":              `guard ""`,
		"score >= 0.8\x00":                  `has something at byte 12 that cannot be seen`,
		"score >=\u00a00.8":                 `cannot be seen`,
		strings.Repeat("p", 501):            `"pppppppppppppppppppppppppppppppppppppppp"…: has 501 bytes, must be at most 500`,
	} {
		_, err := ParseAssertion(text)
		require.ErrorContains(t, err, want, text)
		require.NotContains(t, err.Error(), "\n")
	}
}

const checked = `
duration: 120s
load: {poisson: 200}
timeout: 2s
downstream:
  servers: 20
  service: {exp: 50ms}
faults:
  - {slow: 5, at: 60s, for: 20s}
  - {errors: 0.1, at: 100s}
guards: [vegas, fixed:1x]
assert:
`

func TestAssertionsOfAScenarioNameFileLineAndItem(t *testing.T) {
	for _, c := range []struct{ lines, want string }{
		{"- score >= 0.5\n- p99 =< 300ms", `s.yaml:14: assert[1]: "p99 =< 300ms": expected <=, >= or in after p99, found "=<"`},
		{"- aimd: p99 <= 1s", `s.yaml:13: assert[0]: "aimd: p99 <= 1s": guard aimd is not under test, must be one of vegas, fixed:1x`},
		{"- recovers within 2s of fault.end", `s.yaml:13: assert[0]: "recovers within 2s of fault.end": speaks of the fault, but there are 2, must be one of fault[0] to fault[1]`},
		{"- recovers within 2s of fault[2].end", `speaks of fault[2], but the last is fault[1]`},
		{"- recovers within 2s of fault[1].end", `speaks of the end of fault[1], but it lasts to the end of the run`},
		{"- recovers within 2s of 120s", `counts from 2m0s, must be within the duration of 2m0s`},
		{"- p99 <= 1s after 120s", `window begins at 2m0s, must be within the duration of 2m0s`},
		{"- p99 <= 1s during 20s..121s", `window ends at 2m1s, must be within the duration of 2m0s`},
		{"- p99 <= 1s during fault[0].end..fault[0].start", `window ends at 1m0s, must be after it begins at 1m20s`},
		{"- p99 <= 1s during 20100ms..21400ms", `window has fewer than two whole bins of time, must be longer: a bin is 500ms, the 240th of the duration`},
		{"- fairness >= 0.9", `fairness needs two clients or more`},
		{"- [p99 <= 1s]", `s.yaml:13: assert[0]: is a list, must be a claim such as p99 <= 300ms`},
		{"- {vegas: p99 <= 1s, fixed:1x: p99 <= 1s}", `has 2 claims, must be a list with one an item`},
		{"- vegas:", `assert[0]: "vegas:": unknown metric`},
		{"-", `s.yaml:13: assert[0]: has no value`},
	} {
		_, err := Parse("s.yaml", []byte(checked+c.lines+"\n"))
		require.ErrorContains(t, err, c.want, c.lines)
		require.NotContains(t, err.Error(), "\n", c.lines)
	}
	sc, err := Parse("s.yaml", []byte(checked+"- vegas, fixed:1x: p99 <= 1s after fault[0].end\n- 'fixed:1x: score >= 0.5'\n- recovers within 9s of fault[1].start\n"))
	require.NoError(t, err)
	var texts []string
	for _, a := range sc.Assert {
		texts = append(texts, a.String())
	}
	require.Equal(t, []string{"vegas, fixed:1x: p99 <= 1s after fault[0].end", "fixed:1x: score >= 0.5", "recovers within 9s of fault[1].start"}, texts)
	single, err := Parse("s.yaml", []byte(checked[:len(checked)-1]+" p99 <= 1s\n"))
	require.NoError(t, err)
	require.Len(t, single.Assert, 1)
	sc.Assert = make([]Assertion, 1)
	require.ErrorContains(t, sc.Validate(), "assert[0]: is empty")
}

func TestOnlyAssertionsThatAreMeasuredChangeTheHash(t *testing.T) {
	hash := func(lines string) string {
		sc, err := Parse("s.yaml", []byte(checked+lines))
		require.NoError(t, err)
		return sc.Hash()
	}
	plain := hash("- score >= 0.5\n")
	require.Equal(t, plain, hash("- p99 <= 1s\n- goodput >= 0.5x after 60s\n"))
	windowed := hash("- p99 <= 1s after 60s\n- p50 <= 1s after 20s\n")
	require.NotEqual(t, plain, windowed)
	require.Equal(t, windowed, hash("- vegas: p95 >= 9ms after 20s\n- p50 <= 2s after fault[0].start\n"))
}

func TestAssertionsAreTextInJSON(t *testing.T) {
	a, err := ParseAssertion("p99 <= 300ms after 60s")
	require.NoError(t, err)
	data, err := json.Marshal([]Assertion{a})
	require.NoError(t, err)
	var back []Assertion
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, []Assertion{a}, back)
	require.Error(t, json.Unmarshal([]byte(`["p99"]`), &back))
}

func FuzzAssertion(f *testing.F) {
	for _, text := range []string{
		"p99 <= 300ms after 60s", "limit.mean in 9..12 during 20s..60s", "goodput >= 0.9 of oracle", "p50 in 0.5x..2x",
		"recovers within 20s of fault[1].end for 19 of 20 seeds", "vegas, fixed:1x: rejected <= 5%", "p99 =< 3", "..", ": ", "queue.max <= 1e3\x00",
	} {
		f.Add(text)
	}
	for _, m := range metrics {
		f.Add("knee: " + m.name + " >= 0.5 during 10s..end for 2 of 3 seeds")
		f.Add(m.name + " in 1ms..0.9x after change[0]")
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAssertion(text)
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		require.NotNil(t, a.metric)
		require.False(t, math.IsNaN(a.low) || math.IsNaN(a.high) || a.low > a.high)
		again, err := ParseAssertion(a.String())
		require.NoError(t, err)
		require.Equal(t, a, again)
		sc := simple(100, 4, time.Minute)
		sc.Assert = []Assertion{a}
		_ = sc.Hash()
		_ = sc.Validate()
	})
}
