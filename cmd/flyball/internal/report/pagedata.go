package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/flyball-go/flyball/simulate"
)

// pageData is what page.js draws.
type pageData struct {
	Scenarios []sceneData `json:"scenarios"`
}

type sceneData struct {
	Duration float64     `json:"duration"`
	Bin      float64     `json:"bin"`
	Timeout  float64     `json:"timeout"` // 0 is none
	Clients  int         `json:"clients"`
	Faults   []spanData  `json:"faults"`
	Changes  []markData  `json:"changes"`
	Guards   []guardData `json:"guards"`
}

// spanData is a stretch of time with a name.
type spanData struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
	Name string  `json:"name"`
}

// markData is an instant, of which there may be something to say.
type markData struct {
	At   float64 `json:"at"`
	Name string  `json:"name"`
}

type guardData struct {
	Name      string             `json:"name"`
	Colour    string             `json:"colour"`
	Reference bool               `json:"reference"`
	Score     float64            `json:"score"`
	Runs      [][2]numeral       `json:"runs"` // of each seed, p99 and goodput
	Series    map[string]curve   `json:"series"`
	Decisions []simulate.Decided `json:"decisions"`
	Breaker   []breakerData      `json:"breaker"`
}

// breakerData is how many of the clients have an open breaker from an instant on,
// and how many a half-open one.
type breakerData struct {
	At   float64 `json:"at"`
	Open int     `json:"open"`
	Half int     `json:"half"`
}

// numeral is a number with four digits: more cannot be seen.
type numeral float64

// MarshalJSON implements json.Marshaler.
func (n numeral) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	text := strconv.FormatFloat(float64(n), 'g', 4, 64)
	short, _ := strconv.ParseFloat(text, 64)
	return strconv.AppendFloat(nil, short, 'g', -1, 64), nil
}

// curve is a value for each bin.
type curve []numeral

func curveOf(values []float64) curve {
	c := make(curve, len(values))
	for i, v := range values {
		c[i] = numeral(v)
	}
	return c
}

func dataOf(e Entry, colours colours) sceneData {
	r := e.Report
	d := sceneData{Duration: r.Duration, Timeout: e.Scenario.Timeout.Seconds(), Clients: max(1, e.Scenario.Clients.Count), Faults: faultSpans(e.Scenario), Changes: changes(e.Scenario)}
	for _, s := range Standings(r) {
		runs := r.Of(s.Guard)
		g := guardData{Name: s.Guard, Colour: colours[s.Guard], Reference: Reference(s.Guard), Score: s.Score.Mean}
		for _, run := range runs {
			if run.Latency.Count > 0 {
				g.Runs = append(g.Runs, [2]numeral{numeral(run.Latency.P99), numeral(run.Goodput)})
			}
		}
		t := runs[0].Series
		d.Bin = t.Bin
		g.Series = map[string]curve{
			"offered": curveOf(t.Offered), "goodput": curveOf(t.Goodput), "limit": curveOf(t.Limit), "inFlight": curveOf(t.InFlight),
			"queue": curveOf(t.Queue), "p50": curveOf(t.P50), "p99": curveOf(t.P99),
		}
		if h := runs[0].History; h != nil {
			g.Decisions, g.Breaker = h.Decisions, breakers(h.Trips)
		}
		d.Guards = append(d.Guards, g)
	}
	return d
}

// breakers counts the states of a fleet after each trip.
func breakers(trips []simulate.Tripped) []breakerData {
	states := map[int]string{}
	var out []breakerData
	now := breakerData{}
	count := func(state string, by int) {
		switch state {
		case "open":
			now.Open += by
		case "half-open":
			now.Half += by
		}
	}
	for _, t := range trips {
		count(states[t.Client], -1)
		count(t.State, 1)
		states[t.Client] = t.State
		now.At = t.At
		if n := len(out); n > 0 && out[n-1].At == t.At {
			out[n-1] = now
			continue
		}
		out = append(out, now)
	}
	return out
}

// changes are when the scenario says that something changes, and when the servers
// do.
func changes(sc *simulate.Scenario) []markData {
	out := []markData{}
	for _, at := range sc.Changes {
		out = append(out, markData{At: at.Seconds()})
	}
	if steps := sc.Downstream.Servers; len(steps) > 1 {
		for _, s := range steps {
			out = append(out, markData{s.At.Seconds(), fmt.Sprintf("%d %s", s.Servers, plural(s.Servers, "server"))})
		}
	}
	slices.SortStableFunc(out, func(a, b markData) int { return cmpFloat(a.At, b.At) })
	return out
}

// maxSpans of one fault are shown.
const maxSpans = 200

func faultSpans(sc *simulate.Scenario) []spanData {
	out := []spanData{}
	for _, f := range sc.Faults {
		name := faultName(f)
		for n, at := 0, f.At; at < sc.Duration && n < maxSpans; n++ {
			to := sc.Duration
			if f.For > 0 {
				to = min(to, at+f.For)
			}
			out = append(out, spanData{at.Seconds(), to.Seconds(), name})
			if f.Every <= 0 {
				break
			}
			at += f.Every
		}
	}
	slices.SortStableFunc(out, func(a, b spanData) int { return cmpFloat(a.From, b.From) })
	return out
}

func faultName(f simulate.Fault) string {
	share := func(what string) string { return fmt.Sprintf("%.3g%% %s", 100*f.Value, what) }
	switch f.Kind {
	case simulate.Slow:
		return fmt.Sprintf("slow ×%.3g", f.Value)
	case simulate.Errors:
		return share("errors")
	case simulate.Refusals:
		return share("refused")
	case simulate.Blackhole:
		return share("hang")
	case simulate.Capacity:
		return share("of the servers")
	}
	return string(f.Kind)
}

func cmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
