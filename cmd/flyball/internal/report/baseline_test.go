package report_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/cmd/flyball/internal/report"
	"github.com/flyball-go/flyball/simulate"
)

func TestWhatGotWorseAndBetterIsTold(t *testing.T) {
	before, after := repeated(), repeated()
	for _, res := range after.Of("vegas") {
		res.Goodput *= 0.9
		res.Latency.P99 *= 0.8
	}
	for _, res := range after.Of("aimd") {
		res.Goodput *= 0.995 // within the tolerance
	}
	after.Of("fixed:1x")[1].Score += 0.3 // of one seed in three: may be chance
	changes, compared, notes, err := report.Against([]*simulate.Report{before}, []*simulate.Report{after})
	require.NoError(t, err)
	require.Empty(t, notes)
	require.Equal(t, 6*3, compared)
	var out bytes.Buffer
	require.True(t, report.Changes(&out, "old.json", changes, compared, report.Look{}))
	golden(t, "baseline.txt", out.String())

	out.Reset()
	same, compared, _, err := report.Against([]*simulate.Report{before}, []*simulate.Report{repeated()})
	require.NoError(t, err)
	require.False(t, report.Changes(&out, "old.json", same, compared, report.Look{}))
	require.Equal(t, "against old.json: 0 worse, 0 better, 18 as before (within 1 %)\n", out.String())
}

func TestOneSeedOfAGuardThatIsNotRepeatableIsNotJudged(t *testing.T) {
	before, _ := sample()
	after, _ := sample()
	after.Of("corelimit/vegas")[0].Score = 0.1
	changes, _, notes, err := report.Against([]*simulate.Report{before}, []*simulate.Report{after})
	require.NoError(t, err)
	require.Empty(t, changes)
	require.Equal(t, []string{"brownout: corelimit/vegas is not repeatable, so one seed does not tell"}, notes)
}

func TestWhatCannotBeComparedIsSaid(t *testing.T) {
	before, after := repeated(), repeated()
	extra := repeated()
	extra.Scenario = "calm"
	before.Results = before.Results[3:] // without none
	_, _, notes, err := report.Against([]*simulate.Report{before}, []*simulate.Report{after, extra})
	require.NoError(t, err)
	require.Equal(t, []string{"brownout: none is not in the baseline", "calm is not in the baseline"}, notes)

	_, _, _, err = report.Against([]*simulate.Report{before}, []*simulate.Report{extra})
	require.EqualError(t, err, "has nothing to compare with")
	after.Hash = "feed"
	_, _, _, err = report.Against([]*simulate.Report{before}, []*simulate.Report{after})
	require.ErrorContains(t, err, "brownout has been changed since")
	after.Hash, after.Seeds = before.Hash, []uint64{7, 8, 9}
	_, _, _, err = report.Against([]*simulate.Report{before}, []*simulate.Report{after})
	require.ErrorContains(t, err, "no seed in common with the baseline: seeds 1–3, now 7–9")
}

func TestReadRefusesWhatIsNoResult(t *testing.T) {
	r, _ := sample()
	r.Version = 1
	good, err := json.Marshal(r)
	require.NoError(t, err)
	back, err := report.Read(bytes.NewReader(append(good, '\n')))
	require.NoError(t, err)
	require.Equal(t, r.Of("vegas")[0].Score, back[0].Of("vegas")[0].Score)

	for name, c := range map[string]struct{ text, want string }{
		"empty":        {"", "is empty"},
		"text":         {"guard score\n", "document 1 is not JSON"},
		"cut off":      {string(good[:len(good)/2]), "document 1 is cut off"},
		"second bad":   {string(good) + "\n{}", "document 2 is no result"},
		"other JSON":   {`{"hello": 1}`, "document 1 is no result of flyball simulate --format json"},
		"a list":       {`[1, 2]`, "document 1 is no result"},
		"newer":        {strings.Replace(string(good), `"version":1`, `"version":2`, 1), "document 1 is of version 2, want 1: make it anew"},
		"older":        {strings.Replace(string(good), `"version":1`, `"version":0`, 1), "document 1 is of version 0, want 1"},
		"other types":  {strings.Replace(string(good), `"seeds":[1]`, `"seeds":"x"`, 1), "document 1 is no result"},
		"null results": {`{"version":1,"hash":"x","results":[null]}`, "document 1 has no results"},
		"twice":        {string(good) + string(good), "document 2 is of brownout, as another before it"},
	} {
		_, err := report.Read(strings.NewReader(c.text))
		require.ErrorContains(t, err, c.want, name)
	}
}
