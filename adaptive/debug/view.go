package debug

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

const (
	mostMore      = 100 // sources of Config.More on a page
	mostDecisions = 50  // of each source
)

// view is what both forms of the page are made from.
type view struct {
	Limiters []limiter `json:"limiters"`
	LeftOff  int       `json:"left_off,omitempty"` // sources of Config.More that are not shown
}

type limiter struct {
	Report    adaptive.Report `json:"report"`
	Explain   string          `json:"explain"`
	Facts     []fact          `json:"facts"`
	Decisions []decision      `json:"decisions"` // newest first
}

// fact is a number as people read it.
type fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type decision struct {
	At       float64 `json:"at_seconds"`
	From     int     `json:"from"`
	To       int     `json:"to"`
	Sentence string  `json:"sentence"`
}

func (p *page) look() view {
	v := view{Limiters: []limiter{}} // [] in JSON
	for _, s := range p.c.Sources {
		v.Limiters = append(v.Limiters, p.show(s))
	}
	if p.c.More == nil {
		return v
	}
	var more []limiter
	for s := range p.c.More {
		if len(more) == mostMore {
			v.LeftOff++
			continue
		}
		more = append(more, p.show(s))
	}
	slices.SortStableFunc(more, func(a, b limiter) int { return strings.Compare(a.Report.Name, b.Report.Name) })
	v.Limiters = append(v.Limiters, more...)
	return v
}

func (p *page) show(s Source) limiter {
	l := limiter{Report: s.Report(), Decisions: []decision{}}
	r := &l.Report
	l.Explain = s.Explain()
	if r.Name != "" {
		l.Explain = strings.TrimPrefix(l.Explain, r.Name+": ")
		if p.c.Rename != nil {
			r.Name = p.c.Rename(r.Name)
		}
	}
	l.Facts = facts(r)
	for d := range s.Decisions() {
		l.Decisions = append(l.Decisions, decision{d.At.Seconds(), d.From, d.To, d.String()})
	}
	slices.Reverse(l.Decisions)
	l.Decisions = l.Decisions[:min(len(l.Decisions), mostDecisions)]
	return l
}

func facts(r *adaptive.Report) []fact {
	s := &r.Stats
	f := []fact{
		{"limit", fmt.Sprintf("%d (%d–%d)", s.Limit, r.Min, r.Max)},
		{"in flight", strconv.Itoa(s.InFlight)},
		{"waiting", fmt.Sprintf("%d of %d", s.Waiting, r.Queue)},
	}
	if b := r.Breaker; b != nil {
		f = append(f, fact{"breaker", fmt.Sprintf("%s, opened %d ×", b.State, b.Opened)})
	}
	if s.RetryAfter > 0 {
		f = append(f, fact{"held back", "for " + short(s.RetryAfter) + " more"})
	}
	if r.P99 > 0 {
		f = append(f, fact{"usual round trip", short(r.Median) + ", p99 " + short(r.P99)})
	}
	f = append(f, fact{"ended", counts[adaptive.Outcome](s.Ended[:])}, fact{"rejected", counts[adaptive.RejectReason](s.Rejected[:])})
	if r.Observe {
		f = append(f, fact{"would reject", counts[adaptive.RejectReason](s.WouldReject[:])})
	}
	f = append(f, fact{"law", r.Law})
	if r.Outside != "" {
		f = append(f, fact{"not as expected", r.Outside})
	}
	if s.LateEnds > 0 {
		f = append(f, fact{"ended twice", strconv.FormatUint(s.LateEnds, 10)})
	}
	return f
}

// counts names what is not 0.
func counts[N interface {
	~uint8
	String() string
}](all []uint64) string {
	var parts []string
	for i, n := range all {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, N(i)))
		}
	}
	if parts == nil {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// short keeps three digits of d.
func short(d time.Duration) string {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}

// Title is the name on the page.
func (l limiter) Title() string {
	if l.Report.Name == "" {
		return "a limiter without a name"
	}
	return l.Report.Name
}

// Mark is how the page marks the limiter: as closed off, as limited or not at all.
func (l limiter) Mark() string {
	switch r := &l.Report; {
	case r.Breaker != nil && !r.Breaker.Passes, r.Stats.RetryAfter > 0:
		return "off"
	case r.Stats.InFlight >= r.Stats.Limit:
		return "full"
	}
	return "free"
}
