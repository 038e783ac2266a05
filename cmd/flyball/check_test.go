package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// asserted is tiny with guards and claims.
func asserted(claims ...string) string {
	return tiny + "guards: [aimd, 'fixed:1x']\nassert:\n  - " + strings.Join(claims, "\n  - ") + "\n"
}

func TestCheckThatHoldsEndsWith0(t *testing.T) {
	f := in(t, map[string]string{"a.yaml": asserted("score >= 1%", "aimd: goodput >= 0.1 of oracle after 1s"), "b.yaml": asserted("limit.mean in 1..1e5 for 1 of 3 seeds")})
	require.Equal(t, "5 claims of 2 scenarios: all hold\n", f.ok("check", "a.yaml", "b.yaml"))
	require.Equal(t, "3 claims of 1 scenario: all hold\n", f.ok("check", "a.yaml", "--seeds", "2"))
}

func TestCheckThatFailsEndsWith1AndSaysWhy(t *testing.T) {
	f := in(t, map[string]string{"a.yaml": asserted("score >= 1%", "fixed:1x: p99 <= 1ms after 2s", "goodput <= 0.01x for 3 of 3 seeds")})
	code, stdout, stderr := f.run("check", "a.yaml")
	require.Equal(t, exitFailed, code)
	require.Empty(t, stderr)
	require.Regexp(t, `\A`+
		`FAIL tiny: fixed:1x: p99 <= 1ms after 2s: held for 0 of 3 seeds, not 3; seed 1 has \d+\.?\d*ms, above 1ms, seed 2 has [^,]+, above 1ms, seed 3 has [^,]+, above 1ms\n`+
		`FAIL tiny: aimd: goodput <= 0\.01x for 3 of 3 seeds: held for 0 of 3 seeds, not 3; seed 1 has [^\n]+\n`+
		`FAIL tiny: fixed:1x: goodput <= 0\.01x for 3 of 3 seeds: [^\n]+\n`+
		`5 claims of 1 scenario: 3 failed\n\z`, stdout)
}

func TestCheckLeavesOutFilesThatClaimNothing(t *testing.T) {
	f := in(t, map[string]string{"a.yaml": asserted("score >= 1%"), "tiny.yaml": tiny})
	code, stdout, stderr := f.run("check", "tiny.yaml", "a.yaml")
	require.Equal(t, exitOK, code)
	require.Equal(t, "2 claims of 1 scenario: all hold\n", stdout)
	require.Equal(t, "flyball: note: left out 1 of 2 files, which have no assertions\n", stderr)
}

func TestLawNarrowsWhatIsChecked(t *testing.T) {
	f := in(t, map[string]string{"a.yaml": asserted("score >= 1%", "fixed:1x: score >= 1%", "oracle: score >= 1")})
	code, stdout, stderr := f.run("check", "a.yaml", "--law", "vegas,aimd,vegas")
	require.Equal(t, exitOK, code)
	require.Equal(t, "3 claims of 1 scenario: all hold\n", stdout, "vegas, aimd, oracle")
	require.Equal(t, "flyball: note: a.yaml: assert[1]: left out, is about fixed:1x\n", stderr)
}

func TestCheckedJSONHasEveryTrial(t *testing.T) {
	f := in(t, map[string]string{"a.yaml": asserted("score >= 1%", "p99 <= 1ms"), "b.yaml": asserted("score >= 1%")})
	code, stdout, stderr := f.run("check", "a.yaml", "b.yaml", "--format", "json", "--seeds", "2")
	require.Equal(t, exitFailed, code, stderr)
	docs := json.NewDecoder(strings.NewReader(stdout))
	var a, b checked
	require.NoError(t, docs.Decode(&a))
	require.NoError(t, docs.Decode(&b))
	require.False(t, docs.More())
	require.Equal(t, []any{"a.yaml", "tiny", false, []uint64{1, 2}}, []any{a.File, a.Scenario, a.Holds, a.Seeds})
	require.True(t, b.Holds)
	require.Len(t, a.Verdicts, 4)
	v := a.Verdicts[2]
	require.Equal(t, []any{"p99 <= 1ms", "aimd", 1, false, 2}, []any{v.Claim, v.Guard, v.Assertion, v.Holds, v.Need})
	require.Len(t, v.Trials, 2)
	require.Greater(t, *v.Trials[1].Value, 0.001)
	require.InDelta(t, 0.001, *v.Trials[1].High, 1e-12)
	require.Nil(t, v.Trials[1].Low)
	require.InDelta(t, (*v.Trials[0].Value+*v.Trials[1].Value)/2, v.Over.Mean, 1e-12)
	require.Positive(t, v.Over.Half)
}

func TestJUnitHasACaseForEachAssertionAndGuard(t *testing.T) {
	f := in(t, map[string]string{
		"a.yaml":  asserted("score >= 1%", "fixed:1x: p99 <= 1ms"),
		"b.yaml":  strings.Replace(asserted("score >= 1%"), "name: tiny", `name: "<&\x07\""`, 1),
		"out.xml": "old",
	})
	code, _, stderr := f.run("check", "a.yaml", "b.yaml", "--junit", "out.xml")
	require.Equal(t, exitFailed, code, stderr)
	data, err := os.ReadFile("out.xml")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(data), xml.Header))
	var got junitSuites
	require.NoError(t, xml.Unmarshal(data, &got))
	require.Equal(t, []int{5, 1, 2}, []int{got.Tests, got.Failures, len(got.Suites)})
	a, b := got.Suites[0], got.Suites[1]
	require.Equal(t, []any{"tiny", "a.yaml", 3, 1}, []any{a.Name, a.File, a.Tests, a.Failures})
	require.Equal(t, []any{"<&\uFFFD\"", 2, 0}, []any{b.Name, b.Tests, b.Failures})
	require.Equal(t, "tiny.aimd", a.Cases[0].Class)
	require.Equal(t, "score >= 1%", a.Cases[0].Name)
	require.Nil(t, a.Cases[0].Failure)
	require.Equal(t, "tiny.fixed:1x", a.Cases[2].Class)
	require.Contains(t, a.Cases[2].Failure.Message, "fixed:1x: p99 <= 1ms: seed 1 has ")
	require.Equal(t, []string{"a.yaml", "b.yaml", "out.xml"}, names(t, f.dir))
}

func TestWhatCannotBeCheckedEndsWith2(t *testing.T) {
	f := in(t, map[string]string{
		"tiny.yaml":  tiny,
		"good.yaml":  asserted("score >= 1%"),
		"typo.yaml":  asserted("score >= 1%", "p99 =< 300ms"),
		"seeds.yaml": asserted("score >= 1% for 3 of 4 seeds"),
		"fixed.yaml": asserted("fixed:1x: score >= 1%"),
		"out.xml":    "precious",
	})
	require.NoError(t, os.Mkdir("folder", 0o755))
	for _, c := range []struct{ args, want string }{
		{"check", "<file>"},
		{"check tiny.yaml", "tiny.yaml: has no assertions, want some under the key assert"},
		{"check --junit out.xml tiny.yaml tiny.yaml", "none of 2 files has assertions, want some under the key assert"},
		{"check --junit out.xml typo.yaml", `typo.yaml:13: assert[1]: "p99 =< 300ms": expected <=, >= or in after p99`},
		{"check --junit out.xml --events 10 good.yaml", "budget of 10;"},
		{"check missing.yaml", "missing.yaml: no such file"},
		{"check --seeds 3 seeds.yaml", `seeds.yaml: assert[0]: "score >= 1% for 3 of 4 seeds" needs 4 seeds, --seeds is 3`},
		{"check --seeds 0 good.yaml", "--seeds is 0, want 1 to 10000"},
		{"check --seeds 1.5 good.yaml", "--seeds"},
		{"check --law vagas good.yaml", `--law: guard "vagas"`},
		{"check --law aimd,,vegas good.yaml", "--law has an empty name"},
		{"check --law aimd fixed.yaml", "fixed.yaml: no assertion is about aimd"},
		{"check --format xml good.yaml", "--format"},
		{"check --junit good.yaml good.yaml", "good.yaml: is an input too"},
		{"check --junit folder good.yaml", "is a directory"},
		{"check --junit nowhere/out.xml good.yaml", "no such file"},
	} {
		code, stdout, stderr := f.run(strings.Fields(c.args)...)
		require.Equal(t, exitInput, code, "%s: %s", c.args, stderr)
		require.Empty(t, stdout, c.args)
		require.Regexp(t, `\Aflyball: [^\n]+\n\z`, stderr, c.args)
		require.Contains(t, stderr, c.want)
	}
	data, err := os.ReadFile("out.xml")
	require.NoError(t, err)
	require.Equal(t, "precious", string(data))
}

func TestInterruptedCheckLeavesNothing(t *testing.T) {
	f := in(t, map[string]string{"long.yaml": strings.Replace(asserted("score >= 1%"), "duration: 4s", "duration: 20h", 1)})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	var stdout, stderr bytes.Buffer
	require.Equal(t, exitInterrupted, run(ctx, []string{"check", "long.yaml", "--junit", "out.xml"}, &stdout, &stderr))
	require.Empty(t, stdout.String())
	require.Equal(t, []string{"long.yaml"}, names(t, f.dir))
}
