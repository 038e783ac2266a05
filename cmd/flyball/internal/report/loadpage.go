package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/flyball-go/flyball/cmd/flyball/load"
)

// A LoadPage is one HTML file that shows a load test. As a Page it asks for nothing
// else; it has no script either.
type LoadPage struct {
	Version string // of flyball
	Command string // that made the page, without what may be secret in it
	Run     *load.Run
}

var (
	//go:embed loadpage.html
	loadPageHTML string
	//go:embed loadpage.css
	loadPageCSS string

	loadPageTemplate = template.Must(template.New("loadpage").Parse(loadPageHTML))
)

// Write writes the page.
func (p LoadPage) Write(w io.Writer) error {
	r := p.Run
	css := pageCSS + loadPageCSS
	head, _ := kneeOf(r)
	view := struct {
		LoadPage
		CSS                    template.CSS
		Policy, Title, Stopped string
		Facts, VerifyFacts     []fact
		Charts, VerifyCharts   []loadChart
		Steps, Cells           [][]string
		Verdict, Protection    string
	}{
		LoadPage: p, CSS: template.CSS(css), //nolint:gosec // both are files of this package
		Policy: fmt.Sprintf("default-src 'none'; style-src %s; img-src data:; base-uri 'none'; form-action 'none'", digest(css)),
		Title:  head, Steps: stepsTable(r), Charts: stepCharts(r), Protection: protection(r),
	}
	if r.Detail != "" {
		view.Stopped = fmt.Sprintf("The climb stopped for %s: %s.", r.Stopped, r.Detail)
	}
	if c := r.Recovery; c != nil {
		view.Stopped = strings.TrimSpace(view.Stopped + " After the search " + recovered(c) + ".")
	}
	if k := r.Knee; k != nil {
		view.Facts = []fact{{"knee", Count(k.Rate) + " calls/s"}, {"goodput there", Count(k.Goodput) + "/s"}, {"p50", Duration(k.P50)}, {"p99", Duration(k.P99)}, {"in flight", Count(k.InFlight)}}
	}
	view.Facts = append(view.Facts, fact{"generator's ceiling", Count(r.Ceiling) + " calls/s"}, fact{"calls", fmt.Sprint(r.Calls())})
	if v := r.Verified; v != nil {
		view.Verdict, _ = verdictOf(v)
		if r.Partial != "" && len(v.Failed()) == 0 {
			view.Verdict = notAll
		}
		view.Cells, view.VerifyCharts = cellsTable(v), cellCharts(v)
		view.VerifyFacts = []fact{{"time-out", Duration(v.Timeout)}, {"each measured for", Duration(v.Length)}, {"of it left out", Duration(v.Warm)}, {"tolerance", fmt.Sprintf("%.3g %%", 100*v.Tolerance)}}
	}
	return loadPageTemplate.Execute(w, view)
}
