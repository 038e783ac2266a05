package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/flyball-go/flyball/simulate"
)

// A Page is one HTML file that shows scenarios and how guards did. It asks for
// nothing else: style, script and numbers are in it, and its content security
// policy lets nothing be fetched.
type Page struct {
	Version string // of flyball
	Command string // that made the page
	Partial string // what is missing, if anything is
	Entries []Entry
}

// An Entry is one scenario of a Page. Curves are of the first seed of Report;
// decisions and trips are shown where the results have a History.
type Entry struct {
	File     string
	Text     string // of the file
	Scenario *simulate.Scenario
	Report   *simulate.Report
}

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string

	pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
		"count": Count, "seconds": Seconds, "add": func(a, b int) int { return a + b },
	}).Parse(pageHTML))
)

// Write writes the page.
func (p Page) Write(w io.Writer) error {
	colours := newColours(p.Entries)
	view := struct {
		Page
		CSS     template.CSS
		JS      template.JS
		Policy  string
		Data    template.JS
		Title   string
		Views   []entryView
		League  [][]string
		Several bool
	}{
		Page: p, CSS: template.CSS(pageCSS), JS: template.JS(pageJS), //nolint:gosec // both are files of this package
		Policy: fmt.Sprintf("default-src 'none'; style-src %s; script-src %s; img-src data:; base-uri 'none'; form-action 'none'", digest(pageCSS), digest(pageJS)),
		Title:  "flyball", Several: len(p.Entries) > 1,
	}
	data := pageData{}
	var reports []*simulate.Report
	for i, e := range p.Entries {
		view.Views = append(view.Views, viewOf(i, e, colours))
		data.Scenarios = append(data.Scenarios, dataOf(e, colours))
		reports = append(reports, e.Report)
	}
	if len(p.Entries) == 1 {
		view.Title = p.Entries[0].Report.Scenario
	} else {
		view.Title = fmt.Sprintf("%d scenarios", len(p.Entries))
		view.League = matrix(reports, scoreMetric)
	}
	island, err := json.Marshal(data) // escapes <, > and &
	if err != nil {
		return err
	}
	view.Data = template.JS(island) //nolint:gosec // json.Marshal leaves nothing that could end the element
	return pageTemplate.Execute(w, view)
}

// digest is how a content security policy names a text that may run.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// colours gives each guard of a page one of its own: laws have a hue, what stands
// beside them for comparison is grey.
type colours map[string]string

const (
	hues  = 7 // .h0 … in page.css
	greys = 4 // .r0 …
)

func newColours(entries []Entry) colours {
	c := colours{}
	laws, references := 0, 0
	for _, e := range entries {
		for _, g := range e.Report.Guards() {
			if _, known := c[g]; known {
				continue
			}
			switch {
			case g == oracle:
				c[g] = "oracle"
			case Reference(g):
				c[g] = fmt.Sprintf("r%d", references%greys)
				references++
			default:
				c[g] = fmt.Sprintf("h%d", laws%hues)
				if laws >= hues {
					c[g] += " again" // dashed
				}
				laws++
			}
		}
	}
	return c
}

// entryView is what the template shows of an Entry.
type entryView struct {
	ID          int
	Name        string
	File        string
	Text        string
	Description string
	Facts       []fact
	Rows        []rowView
	Failed      bool // there is something to show in that column
	Seeds       int
	Hash        string
	Oracle      string
	Foreign     bool // some guard is not repeatable
}

type fact struct{ Name, Value string }

// rowView is a row of the table, ready to be shown.
type rowView struct {
	Guard, Colour               string
	Best, Reference             bool
	Score, ScoreHalf, Worst     string
	Bar                         float64 // score, of 100
	Goodput, OfBest             string
	P50, P99, P99Half, WorstP99 string
	Rejected, Late, Failed      string
	Limit                       string
	Foreign                     bool
}

func viewOf(i int, e Entry, c colours) entryView {
	r := e.Report
	v := entryView{
		ID: i, Name: r.Scenario, File: e.File, Text: e.Text, Description: r.Description,
		Seeds: len(r.Seeds), Hash: r.Hash, Facts: facts(r, e.Scenario),
	}
	rows := Standings(r)
	winner := best(rows)
	for _, s := range rows {
		row := rowView{
			Guard: s.Guard, Colour: c[s.Guard], Best: s.Guard == winner, Reference: Reference(s.Guard),
			Score: fmt.Sprintf("%.3f", s.Score.Mean), Bar: 100 * s.Score.Mean, Worst: fmt.Sprintf("%.3f", s.WorstScore),
			Goodput: Count(s.Goodput.Mean) + "/s", OfBest: fmt.Sprintf("%.0f%%", 100*s.OfBest),
			P50: timeOf(s.P50), P99: timeOf(s.P99),
			Rejected: percent(s.Rejected), Late: percent(s.Late), Failed: percent(s.Failed),
			Limit: level(s.Limit), Foreign: !s.Repeatable,
		}
		if s.Score.Runs > 1 {
			row.ScoreHalf = fmt.Sprintf("±%.3f", s.Score.Half)
			row.P99Half = "±" + Seconds(s.P99.Half)
			row.WorstP99 = Seconds(s.WorstP99)
		}
		v.Failed = v.Failed || s.Failed > 0
		v.Foreign = v.Foreign || row.Foreign
		if s.Guard == oracle && s.Score.Runs == 1 {
			v.Oracle = Count(s.Oracle)
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

// facts are the numbers of a scenario that a reader wants at hand.
func facts(r *simulate.Report, sc *simulate.Scenario) []fact {
	out := []fact{{"virtual time", Seconds(r.Duration)}}
	if o := r.Of(oracle); len(o) > 0 && r.Duration > 0 {
		out = append(out, fact{"offered", Count(float64(o[0].Offered)/r.Duration) + "/s" + loadNote(sc)})
	}
	if n := sc.Clients.Count; n > 1 {
		out = append(out, fact{"clients", Count(float64(n))})
	}
	if sc.Timeout > 0 {
		out = append(out, fact{"time-out", Duration(sc.Timeout)})
	}
	out = append(out, fact{"right limit", Count(r.Right)}, fact{plural(len(r.Seeds), "seed"), seedList(r.Seeds)})
	return out
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// seedList is "1", "1, 5" or "1–20".
func seedList(seeds []uint64) string {
	inRow := len(seeds) > 2
	for i, s := range seeds {
		inRow = inRow && s == seeds[0]+uint64(i)
	}
	if inRow {
		return fmt.Sprintf("%d–%d", seeds[0], seeds[len(seeds)-1])
	}
	texts := make([]string, len(seeds))
	for i, s := range seeds {
		texts[i] = fmt.Sprint(s)
	}
	return strings.Join(texts, ", ")
}
