package simulate

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/flyball-go/flyball/internal/strict"
)

const (
	maxAssertion = 500    // bytes
	maxSeeds     = 10_000 // of one assertion
	guardsEnd    = ": "   // names of guards have colons, but no space behind them
	theEnd       = "the end"
)

// ParseAssertion reads one line. The error says after which word it goes wrong.
func ParseAssertion(text string) (Assertion, error) {
	text = strings.TrimSpace(text)
	if len(text) > maxAssertion {
		return Assertion{}, fmt.Errorf("%q…: has %d bytes, must be at most %d", text[:40], len(text), maxAssertion)
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
		return Assertion{}, fmt.Errorf("%q: has something at byte %d that cannot be seen, must be words and spaces", text, i)
	}
	a := Assertion{text: text}
	p := assertionParser{to: &a}
	if err := p.parse(); err != nil {
		return Assertion{}, fmt.Errorf("%q: %w", text, err)
	}
	return a, nil
}

// assertionParser reads word by word.
type assertionParser struct {
	to    *Assertion
	words []string
	last  string // word that was taken
}

// wordForm takes 9..12 and p99<=1s apart.
var wordForm = regexp.MustCompile(`\.\.|[<>=!]+|(?:[^\s<>=!.]|\.[^\s<>=!.])+|\S`)

func (p *assertionParser) parse() error {
	claim := p.to.text
	if guards, rest, ok := strings.Cut(claim, guardsEnd); ok {
		for name := range strings.SplitSeq(guards, ",") {
			name = strings.TrimSpace(name)
			if name != oracleName {
				if _, err := parseGuard(name); err != nil {
					return err
				}
			}
			if slices.Contains(p.to.guards, name) {
				return fmt.Errorf("guard %s is there twice", name)
			}
			p.to.guards = append(p.to.guards, name)
		}
		claim = rest
	}
	p.words = wordForm.FindAllString(claim, -1)
	if err := p.claim(); err != nil {
		return err
	}
	if p.accept("for") {
		if err := p.majority(); err != nil {
			return err
		}
	}
	if len(p.words) > 0 {
		return p.expected(p.rest())
	}
	return nil
}

// rest is what may come where a claim could be over.
func (p *assertionParser) rest() string {
	switch {
	case p.to.seeds != nil:
		return theEnd
	case p.to.metric == &recovery || p.to.window != nil:
		return "for or " + theEnd
	case p.to.ofOracle:
		return "after, during, for or " + theEnd
	}
	return "of oracle, after, during, for or " + theEnd
}

func (p *assertionParser) claim() error {
	if p.accept("recovers") {
		return p.recovers()
	}
	if len(p.words) == 0 {
		return p.expected("a metric or recovers")
	}
	name := p.next()
	m := metricNamed(name)
	if m == nil {
		if strings.Contains(name, ":") {
			return fmt.Errorf("unknown metric %q; guards end with a colon and a space, as in vegas: p99 <= 300ms", name)
		}
		meant := strict.Nearest(name, MetricNames())
		if meant != "" {
			meant = ", perhaps " + meant
		}
		return fmt.Errorf("unknown metric %q%s; must be recovers or %s", name, meant, strict.OneOf(MetricNames()))
	}
	p.to.metric = m
	if err := p.bounds(); err != nil {
		return err
	}
	return p.window()
}

func (p *assertionParser) bounds() error {
	a := p.to
	a.low, a.high = math.Inf(-1), math.Inf(1)
	var ends []*float64
	switch {
	case p.accept("<="):
		ends = []*float64{&a.high}
	case p.accept(">="):
		ends = []*float64{&a.low}
	case p.accept("in"):
		ends = []*float64{&a.low, &a.high}
	default:
		return p.expected("<=, >= or in")
	}
	var words []string
	multiples := 0
	for i := range ends {
		if i > 0 && !p.accept("..") {
			return p.expected("..")
		}
		if len(p.words) == 0 {
			return p.expected(a.metric.unit.example())
		}
		words = append(words, p.next())
		if strings.HasSuffix(p.last, "x") {
			multiples++
		}
	}
	switch a.ofOracle = multiples > 0; {
	case multiples > 0 && multiples < len(words):
		return fmt.Errorf("%s and %s differ, must both be multiples of what the oracle has or neither", words[0], words[1])
	case multiples == 0 && p.accept("of"):
		if !p.accept(oracleName) {
			return p.expected(oracleName)
		}
		a.ofOracle = true
	}
	for i, word := range words {
		var err error
		if *ends[i], err = a.metric.unit.parse(word, a.ofOracle); err != nil {
			return err
		}
	}
	if a.low > a.high {
		return fmt.Errorf("%s is above %s, must be the lower one first", words[0], words[1])
	}
	return nil
}

func (p *assertionParser) window() error {
	var w stretch
	var err error
	switch {
	case p.accept("after"):
		w.from, err = p.instant()
	case p.accept("during"):
		if w.from, err = p.instant(); err != nil {
			return err
		}
		if !p.accept("..") {
			return p.expected("..")
		}
		var to instant
		to, err = p.instant()
		w.to = &to
	default:
		return nil
	}
	if err != nil {
		return err
	}
	if p.to.metric.in == nil {
		var can []string
		for _, m := range metrics {
			if m.in != nil {
				can = append(can, m.name)
			}
		}
		return fmt.Errorf("%s is known of the whole run only; a part of it can be asked for %s", p.to.metric.name, strings.Join(can, ", "))
	}
	p.to.window = &w
	return nil
}

func (p *assertionParser) recovers() (err error) {
	a := p.to
	a.metric = &recovery
	if !p.accept("within") {
		return p.expected("within")
	}
	d, err := p.duration()
	if err != nil {
		return err
	}
	a.low, a.high = math.Inf(-1), d.Seconds()
	if !p.accept("of") {
		return p.expected("of")
	}
	a.since, err = p.instant()
	return err
}

func (p *assertionParser) majority() error {
	need, err := p.count()
	if err != nil {
		return err
	}
	if !p.accept("of") {
		return p.expected("of")
	}
	of, err := p.count()
	if err != nil {
		return err
	}
	if need > of {
		return fmt.Errorf("%d of %d seeds, must be at most all of them", need, of)
	}
	if !p.accept("seeds") && !p.accept("seed") {
		return p.expected("seeds")
	}
	p.to.seeds = &majority{need, of}
	return nil
}

func (p *assertionParser) count() (int, error) {
	if len(p.words) == 0 || !strict.IsWhole(p.words[0]) {
		return 0, p.expected("a number of seeds")
	}
	n, err := strconv.Atoi(p.next())
	if err != nil || n < 1 || n > maxSeeds {
		return 0, fmt.Errorf("%s seeds, must be from 1 to %d", p.last, maxSeeds)
	}
	return n, nil
}

func (p *assertionParser) next() string {
	p.last, p.words = p.words[0], p.words[1:]
	return p.last
}

func (p *assertionParser) accept(word string) bool {
	ok := len(p.words) > 0 && p.words[0] == word
	if ok {
		p.next()
	}
	return ok
}

func (p *assertionParser) expected(what string) error {
	after, found := "", theEnd
	if p.last != "" {
		after = " after " + p.last
	}
	if len(p.words) > 0 {
		found = strconv.Quote(p.words[0])
	}
	return fmt.Errorf("expected %s%s, found %s", what, after, found)
}
