package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestReplaceFileKeepsModeAndLeavesNothingElse(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.csv")
	require.NoError(t, os.WriteFile(path, []byte("a longer text than the new one"), 0o600))
	require.NoError(t, replaceFile(path, []byte("new")))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "new", string(data))
	st, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), st.Mode().Perm())
	require.Equal(t, []string{"out.csv"}, names(t, dir))
}

func TestReplaceFileThatFailsLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	require.NoError(t, os.MkdirAll(filepath.Join(path, "in the way"), 0o755))
	require.ErrorContains(t, replaceFile(path, []byte("new")), "output "+path)
	require.Equal(t, []string{"out"}, names(t, dir))
}

func TestResolveTargetFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	require.NoError(t, os.Symlink(file, link))
	got, err := resolveTarget(link, nil)
	require.NoError(t, err)
	want, err := filepath.EvalSymlinks(file)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestResolveTargetRefusesAnInputUnderAnyName(t *testing.T) {
	dir := t.TempDir()
	file, hard := filepath.Join(dir, "in.yaml"), filepath.Join(dir, "hard")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	require.NoError(t, os.Link(file, hard))
	_, err := resolveTarget(hard, []string{"missing", file})
	require.ErrorContains(t, err, "is an input too")
}

func TestSplitArrivalsPrefersAFileOfTheWholeName(t *testing.T) {
	odd := filepath.Join(t.TempDir(), "a:b")
	require.NoError(t, os.WriteFile(odd, nil, 0o644))
	for arg, want := range map[string][3]string{
		odd:           {odd, "", ""},
		odd + ":time": {odd, "time", ""},
		"x.csv":       {"x.csv", "", ""},
		"x.csv:3":     {"x.csv", "3", ""},
		"x.csv:s":     {"x.csv", "s", ""},
		"x.csv:at:ms": {"x.csv", "at", "ms"},
		"x.csv:at:to": {"x.csv:at", "to", ""},
	} {
		path, column, unit := splitArrivals(arg)
		require.Equal(t, want, [3]string{path, column, string(unit)}, arg)
	}
}

func TestPlainTakesOutControlCharacters(t *testing.T) {
	require.Equal(t, "a\uFFFD[31mb é", plain("a\x1b[31mb é"))
}

func TestProgressShowsOnlyAfterASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var quick bytes.Buffer
		p := watch(&quick, "simulate brownout", 4)
		time.Sleep(900 * time.Millisecond)
		p.step()
		p.end()
		require.Empty(t, quick.String())

		var slow bytes.Buffer
		p = watch(&slow, strings.Repeat("long ", 30), 4)
		time.Sleep(2500 * time.Millisecond)
		p.step()
		time.Sleep(time.Second)
		p.end()
		out := slow.String()
		require.Regexp(t, `long… +━+·+ +1 of 4, \d+s left`, out)
		for line := range strings.SplitSeq(out, "\n") {
			require.LessOrEqual(t, len([]rune(line)), 79)
		}
		watch(nil, "nobody is looking", 4).end()
	})
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}
