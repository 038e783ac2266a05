package simulate

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/flyball-go/flyball/internal/strict"
)

// assertions reads lines, and mappings from guards to a line, which is what YAML
// takes "vegas: p99 <= 300ms" for.
func (r *reader) assertions(to *[]Assertion) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		r.List(n, path, func(n *yaml.Node, path string) {
			var text string
			switch {
			case n.Kind == yaml.ScalarNode:
				text = n.Value
			case n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[0].Kind == yaml.ScalarNode && n.Content[1].Kind == yaml.ScalarNode:
				text = n.Content[0].Value + guardsEnd + n.Content[1].Value
			case n.Kind == yaml.MappingNode && len(n.Content) > 2:
				r.Fault(n, path, "has %d claims, must be a list with one an item", len(n.Content)/2)
				return
			default:
				r.Fault(n, path, "is %s, must be a claim such as p99 <= 300ms", strict.Describe(n))
				return
			}
			a, err := ParseAssertion(text)
			if err != nil {
				r.Fault(n, path, "%v", err)
			}
			*to = append(*to, a)
		})
	}
}

// example is what a number of this unit looks like.
func (u unit) example() string {
	switch u {
	case inSeconds:
		return "a time such as 250ms"
	case asShare:
		return "a share from 0 to 1 such as 5% or 0.05"
	case perSecond:
		return "a number per second such as 480 or 480/s"
	case asRatio:
		return "a number such as 1.2 or 120%"
	}
	return "a number such as 12"
}

// parse reads a bound, or the multiple of what the oracle has.
func (u unit) parse(word string, ofOracle bool) (float64, error) {
	percents := ofOracle || u == asShare || u == asRatio
	text, example := word, u.example()
	switch {
	case ofOracle:
		text, example = strings.TrimSuffix(word, "x"), "a multiple of what the oracle has, such as 0.9 of oracle or 0.9x"
	case u == inSeconds:
		d, err := parseTime(word)
		return d.Seconds(), err
	case u == perSecond:
		text = strings.TrimSuffix(word, "/s")
	}
	scale := 1.0
	if percents && text == word && strings.HasSuffix(word, "%") {
		text, scale = strings.TrimSuffix(word, "%"), 100
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || !strict.IsNumber(text) || x < 0 || !ofOracle && u == asShare && x > scale {
		return 0, fmt.Errorf("%s, must be %s", word, example)
	}
	return x / scale, nil
}

func parseTime(word string) (time.Duration, error) {
	d, err := time.ParseDuration(word)
	switch {
	case err != nil && strict.IsNumber(word):
		return 0, fmt.Errorf("%s without a unit, must be a time such as %ss or %sms", word, word, word)
	case err != nil || d < 0:
		return 0, fmt.Errorf("%s, must be a time such as 250ms or 2m", word)
	}
	return d, nil
}

var faultForm = regexp.MustCompile(`^fault(?:\[(0|[1-9][0-9]{0,5})\])?\.(start|end)$`)

func (p *assertionParser) instant() (instant, error) {
	if len(p.words) > 0 {
		if m := faultForm.FindStringSubmatch(p.words[0]); m != nil {
			p.next()
			i := instant{edge: m[2], fault: -1}
			if m[1] != "" {
				i.fault, _ = strconv.Atoi(m[1])
			}
			return i, nil
		}
		if strings.HasPrefix(p.words[0], "fault") {
			return instant{}, p.expected("fault.start, fault.end, or fault[0].end if there are several")
		}
	}
	at, err := p.duration()
	return instant{at: at}, err
}

func (p *assertionParser) duration() (time.Duration, error) {
	if len(p.words) == 0 {
		return 0, p.expected("a time such as 250ms")
	}
	return parseTime(p.next())
}
