package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const tiny = `# d01
name: tiny
description: short
duration: 5s
load: {poisson: 30}
timeout: 1s
downstream:
  servers: 1
  service: {exp: 50ms}
`

func library(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tiny.yaml"), []byte(tiny), 0o600))
	other := strings.Replace(strings.Replace(tiny, "# d01\n", "", 1), "name: tiny", "name: other", 1)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "other.yaml"), []byte(other), 0o600))
	return dir
}

func TestControlPrintsEveryTableAndKeepsTheOracles(t *testing.T) {
	dir := library(t)
	memory, runs := filepath.Join(dir, "cache", "oracles.json"), filepath.Join(dir, "runs.csv")
	args := []string{"control", "-scenarios", dir, "-guards", "knee,fixed:1x,none,vector,failsafe", "-seeds", "1,2", "-oracles", memory, "-csv", runs}
	var first, again bytes.Buffer
	require.NoError(t, league(context.Background(), args, &first))
	require.FileExists(t, memory)
	require.NoError(t, league(context.Background(), args, &again))
	require.Equal(t, first.String(), again.String(), "an oracle that is recalled is the one that was found")

	text := first.String()
	require.Contains(t, text, "`go run ./bench/cmd/league control -scenarios "+dir)
	require.Contains(t, text, "| guard | named: mean of 2 |")
	require.Regexp(t, "(?m)^\\| `knee` \\| 0\\.\\d{3} \\|", text)
	require.Regexp(t, `(?m)^\| tiny \|( [01]\.\d{3} \|){5}$`, text)
	require.Regexp(t, "(?m)^- named, by worst case: \\*\\*\\d of 4\\*\\*: `", text)
	require.Contains(t, text, "\n- `vector`: re-expressed from ")
	require.NotContains(t, text, "| other |", "it has no code of the catalogue")
	data, err := os.ReadFile(runs)
	require.NoError(t, err)
	require.Len(t, strings.Split(strings.TrimSpace(string(data)), "\n"), 1+2*6, "two seeds of five guards and the oracle")
}

func TestPeersCanBePlayedAlone(t *testing.T) {
	var text bytes.Buffer
	require.NoError(t, league(context.Background(), []string{"control", "-scenarios", library(t), "-guards", "envoy", "-oracles=", "-brief"}, &text))
	require.Contains(t, text.String(), "- named, by mean: **1 of 1**: `envoy` ")
	require.NotContains(t, text.String(), "`none`")
}

func TestTheFirstIsRankedAmongThoseNotToldTheCapacity(t *testing.T) {
	o := &options{guards: []string{"knee", "vegas", "fixed:1x", "none"}}
	p := &printer{w: new(bytes.Buffer)}
	p.ranks(o, []row{{named, "a", [][]float64{{0.8, 0.6}, {0.9, 0.1}, {1, 1}, {0.1, 0.2}}}})
	require.NoError(t, p.err)
	require.Equal(t, "\n## Where `knee` stands\n\nAmong all that were not told the capacity.\n\n"+
		"- named, by mean: **1 of 3**: `knee` 0.700, `vegas` 0.500, `none` 0.150\n"+
		"- named, by worst case: **1 of 3**: `knee` 0.600, `vegas` 0.100, `none` 0.100\n"+
		"- all, by mean: **1 of 3**: `knee` 0.700, `vegas` 0.500, `none` 0.150\n"+
		"- all, by worst case: **1 of 3**: `knee` 0.600, `vegas` 0.100, `none` 0.100\n", p.w.(*bytes.Buffer).String())
}

func TestControlWritesAFile(t *testing.T) {
	dir := library(t)
	file := filepath.Join(dir, "control.md")
	require.NoError(t, league(context.Background(), []string{"control", "-scenarios", dir, "-guards", "fixed:1x", "-oracles=", "-brief", "-o", file}, nil))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(text), "`fixed:1x`")
	require.NotContains(t, string(text), "Every named")
}

func TestTheSeedsOfAClaimFollowFromTheCommit(t *testing.T) {
	// printf 0123456789abcdef0123456789abcdef01234567 | sha256sum
	seeds, err := seedsOf("0123456789abcdef0123456789abcdef01234567")
	require.NoError(t, err)
	require.Equal(t, []uint64{0xdeb87fabd17715bb, 0x31ad4cf4ffb9494e, 0xeb15f8d33d85b031}, seeds)
}

func TestOtherGuardsThatLeadAreTold(t *testing.T) {
	o := &options{guards: []string{"knee", "vegas", "fixed:1x"}}
	p := &printer{w: new(bytes.Buffer)}
	p.leaders(o, []row{
		{named, "even", [][]float64{{0.8}, {0.84}, {1}}},
		{named, "behind", [][]float64{{0.8, 0.7}, {0.9, 0.9}, {1, 1}}},
	})
	require.NoError(t, p.err)
	require.Equal(t, "\n## Where another is better than `knee` by more than 0.05\n\n- behind: 0.750, but `vegas` 0.900\n", p.w.(*bytes.Buffer).String())
}

func TestRandomScenariosCanBePlayedAlone(t *testing.T) {
	dir := library(t)
	for _, args := range [][]string{
		{"-scenarios", dir, "-only", "^r7-"}, // fits none of the named ones
		{"-scenarios", filepath.Join(dir, "none"), "-seeds="},
	} {
		o, err := readOptions(append(args, "-random", "7", "-n", "2"), io.Discard)
		require.NoError(t, err)
		matches, err := o.matches()
		require.NoError(t, err)
		require.Len(t, matches, 2)
		require.Equal(t, []set{random, random}, []set{matches[0].set, matches[1].set})
	}
}

func TestTheTenthPercentileIsOneOfTheRuns(t *testing.T) {
	rows := []row{{named, "a", [][]float64{{0.9, 0.8, 0.7, 0.6, 0.5, 1, 1, 1, 1, 1, 1}}}, {random, "b", [][]float64{{0.1}}}}
	s := summarize(rows, 0, func(s set) bool { return s == named })
	require.Equal(t, summary{mean: s.mean, worst: 0.5, tenth: 0.6, in: "a", n: 11}, s)
	require.InDelta(t, 9.5/11, s.mean, 1e-12)
}

func TestWhoAsksForHelpIsToldTheFlags(t *testing.T) {
	for args, want := range map[string]string{"-h": "control  laws and fixed limits", "help": "speed    what a call costs", "control -h": "-seeds", "speed --help": "-rounds"} {
		var out strings.Builder
		require.ErrorIs(t, league(t.Context(), strings.Fields(args), &out), flag.ErrHelp, args)
		require.Contains(t, out.String(), want, args)
	}
}

func TestWrongInputIsRefusedInOneLineAFault(t *testing.T) {
	dir := library(t)
	broken := filepath.Join(dir, "broken.json")
	require.NoError(t, os.WriteFile(broken, []byte("{"), 0o600))
	for _, c := range []struct{ args, want string }{
		{"", "no verb; want speed or control"},
		{"contrl", `verb "contrl" is unknown; want speed or control`},
		{"control -sead 1", "-sead"},
		{"control knee", `"knee" is no flag`},
		{"control -guards vega", `guard "vega" is not known`},
		{"control -guards envoi", `or one of the peers failsafe, `},
		{"control -seeds 1,x", `-seeds: "x" is no whole number`},
		{"control -random -1", `-random: "-1" is no whole number`},
		{"control -n 0", "-n is 0, want at least 1"},
		{"control -only (", "-only: "},
		{"control -commit abc", `-commit is "abc", want the 40 hexadecimal digits`},
		{"control -scenarios " + dir + " -only nothing", "no scenario to play"},
		{"control -seeds=", "no scenario to play"},
		{"control -scenarios " + filepath.Join(dir, "none") + " -random 1", "no scenario with a code, such as the line \"# d01\", is in \"" + filepath.Join(dir, "none") + "\"; name"},
		{"control -scenarios " + t.TempDir() + " -random 1 -only r", "or leave them out with -seeds="},
		{"control -scenarios " + broken, "-scenarios: "},
		{"control -scenarios " + dir + " -oracles " + broken, "broken.json: unexpected end of JSON input; remove it"},
	} {
		err := league(context.Background(), strings.Fields(c.args), nil)
		require.ErrorContains(t, err, c.want, c.args)
	}
}
