package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/cmd/flyball/internal/report"
	"github.com/flyball-go/flyball/internal/raced"
	"github.com/flyball-go/flyball/simulate"
)

const outageText = `name: outage
description: every call fails for 20 s
duration: 60s
load: {poisson: 100}
timeout: 1s
downstream: {servers: 8, service: {exp: 50ms}}
faults: [{errors: 1, at: 20s, for: 20s}]
`

func outage(t *testing.T) report.Entry {
	return played(t, outageText, "none", "fixed:1x", "knee", "coupled")
}

func played(t *testing.T, text string, guards ...string) report.Entry {
	t.Helper()
	sc, err := simulate.Parse("outage.yaml", []byte(text))
	require.NoError(t, err)
	runner := simulate.Runner{Guards: guards, History: true}
	r, err := runner.Compare(t.Context(), sc)
	require.NoError(t, err)
	return report.Entry{File: "outage.yaml", Text: text, Scenario: sc, Report: r}
}

func TestPageOfTenMinutesAndFiveGuardsIsSmall(t *testing.T) {
	raced.Spare(t)
	text := strings.NewReplacer("60s", "10m", "at: 20s", "at: 100s", "poisson: 100", "poisson: 200").Replace(outageText)
	e := played(t, text, "aimd", "vegas", "knee+breaker", "coupled", "chained")
	require.InDelta(t, 600, e.Report.Duration, 0)
	var b bytes.Buffer
	require.NoError(t, report.Page{Command: "flyball simulate outage.yaml --html page.html", Entries: []report.Entry{e}}.Write(&b))
	decisions := 0
	for _, res := range e.Report.Results {
		if res.History != nil {
			decisions += len(res.History.Decisions)
		}
	}
	t.Logf("%d bytes, %d decisions", b.Len(), decisions)
	require.Less(t, b.Len(), 2_000_000)
	require.Greater(t, decisions, 500)
}

func TestPageNamesNothingToFetch(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, report.Page{Entries: []report.Entry{outage(t)}}.Write(&b))
	for _, word := range []string{"http://", "https://", " src=", "@import", "url("} {
		require.NotContains(t, strings.ReplaceAll(b.String(), "http://www.w3.org/2000/svg", ""), word, "the name of the SVG language is none")
	}
	require.Contains(t, b.String(), "default-src &#39;none&#39;")
}

func TestTheSameRunsAreTheSamePage(t *testing.T) {
	var a, b bytes.Buffer
	require.NoError(t, report.Page{Entries: []report.Entry{outage(t)}}.Write(&a))
	require.NoError(t, report.Page{Entries: []report.Entry{outage(t)}}.Write(&b))
	require.Equal(t, a.String(), b.String())
}

func TestPageOfManyGuardsGivesEachAColour(t *testing.T) {
	var laws []string
	for i := range 10 {
		laws = append(laws, fmt.Sprintf("vegas:alpha=%d", i+2))
	}
	e := played(t, outageText, laws[:1]...)
	first := e.Report.Results[0]
	for _, law := range laws[1:] {
		other := *first
		other.Guard = law
		e.Report.Results = append(e.Report.Results, &other)
	}
	var b bytes.Buffer
	require.NoError(t, report.Page{Entries: []report.Entry{e}}.Write(&b))
	require.Contains(t, b.String(), `"colour":"h6"`)
	require.Contains(t, b.String(), `"colour":"h0 again"`, "dashed")
}
