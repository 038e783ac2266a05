package tune

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/internal/raced"
)

// journaled is a search that keeps a journal at path.
func journaled(t *testing.T, path string) *Search {
	t.Helper()
	s := quick(t)
	j, err := OpenJournal(path, s.Plan())
	require.NoError(t, err)
	t.Cleanup(func() { j.file.Close() })
	s.Journal = j
	return s
}

func TestAnInterruptedSearchGoesOnWhereItWas(t *testing.T) {
	whole := run(t, quick(t))
	path := filepath.Join(t.TempDir(), "journal")
	for _, stop := range []int{1, 60, 200, 500} {
		s := journaled(t, path)
		ctx, cancel := context.WithCancel(context.Background())
		s.Progress = func(p Progress) {
			if p.Done == stop {
				cancel()
			}
		}
		_, err := s.Run(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, s.Journal.Close())
		require.GreaterOrEqual(t, s.Journal.Runs(), stop)
	}
	s := journaled(t, path)
	f := run(t, s)
	require.GreaterOrEqual(t, f.Played.Resumed, 500)
	require.Less(t, f.Played.Resumed, f.Played.Runs)
	f.Played.Resumed = 0
	require.Equal(t, whole, f)

	s = journaled(t, path) // and nothing is left to be played
	f = run(t, s)
	require.Equal(t, f.Played.Runs, f.Played.Resumed)

	path = filepath.Join(t.TempDir(), "journal")
	f = run(t, journaled(t, path))
	require.Zero(t, f.Played.Resumed)
}

func TestALineThatWasCutOffIsDropped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	s := journaled(t, path)
	run(t, s)
	require.NoError(t, s.Journal.Close())
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, data[:len(data)-7], 0o600))
	again := journaled(t, path)
	require.Equal(t, s.Journal.Runs()-1, again.Journal.Runs())
	f := run(t, again)
	require.Equal(t, f.Played.Runs-1, f.Played.Resumed)
	mended, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(data), string(mended))
}

func TestJournalsThatAreRefusedStayAsTheyAre(t *testing.T) {
	s := quick(t)
	plan := s.Plan()
	head := func(kind string, version int, change func(*Plan)) string {
		p := plan
		change(&p)
		text, err := json.Marshal(journalHead{kind, version, p})
		require.NoError(t, err)
		return string(text) + "\n"
	}
	same := func(*Plan) {}
	for name, c := range map[string]struct{ text, want string }{
		"other file":    {"version: 1\nlimiter: {}\n", ":1: is no journal of flyball tune"},
		"no line":       {"{", ":1: is no journal of flyball tune"},
		"other kind":    {head("diary", 1, same), ":1: is no journal of flyball tune"},
		"version":       {head(journalKind, 2, same), ":1: is a journal of version 2, must be 1"},
		"flyball":       {head(journalKind, 1, func(p *Plan) { p.Flyball = "v9" }), "is the journal of another run: its flyball is v9, not"},
		"scenarios":     {head(journalKind, 1, func(p *Plan) { p.Scenarios = []string{"0123456789"} }), "its scenarios are 01234567, not"},
		"space":         {head(journalKind, 1, func(p *Plan) { p.Space = "abc" }), "its space is abc, not"},
		"objective":     {head(journalKind, 1, func(p *Plan) { p.Objective = "min p99" }), "its objective is min p99, not max goodput"},
		"in force":      {head(journalKind, 1, func(p *Plan) { p.InForce = "abc" }), "its setting in force is abc"},
		"two":           {head(journalKind, 1, func(p *Plan) { p.Seed, p.Unseen = 9, 30 }), "its seed is 9, not 1; unseen seeds are 30, not 20"},
		"candidates":    {head(journalKind, 1, func(p *Plan) { p.Candidates = 5 }), "its candidates are 5, not 24"},
		"broken middle": {head(journalKind, 1, same) + "{\"run\":\"a\",\"cell\":{}}\nnonsense\n{}\n", ":3: is no run of a journal"},
	} {
		path := filepath.Join(t.TempDir(), "journal")
		require.NoError(t, os.WriteFile(path, []byte(c.text), 0o600))
		_, err := OpenJournal(path, plan)
		require.ErrorContains(t, err, path+":", name)
		require.ErrorContains(t, err, c.want, name)
		require.NotContains(t, err.Error(), "\n")
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, c.text, string(after), name)
	}
	_, err := OpenJournal(t.TempDir(), plan)
	require.ErrorContains(t, err, "is no regular file, must be a journal")
	_, err = OpenJournal(filepath.Join(t.TempDir(), "none", "journal"), plan)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestAJournalThatIsEmptyIsBegun(t *testing.T) {
	raced.Spare(t)
	path := filepath.Join(t.TempDir(), "journal")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	s := journaled(t, path)
	run(t, s)
	require.NoError(t, s.Journal.Close())
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(data), `{"kind":"flyball tune journal","version":1,"plan":{`))
}

func TestASearchEndsWhenItsJournalCannotBeWritten(t *testing.T) {
	s := journaled(t, filepath.Join(t.TempDir(), "journal"))
	require.NoError(t, s.Journal.file.Close()) // as a disk that is full
	_, err := s.Run(context.Background())
	require.ErrorIs(t, err, os.ErrClosed)
	require.ErrorIs(t, s.Journal.Close(), os.ErrClosed)
}
