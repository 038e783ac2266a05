package tune

import (
	"fmt"
	"math"
	"time"

	"github.com/flyball-go/flyball/adaptive/configfile"
	"github.com/flyball-go/flyball/breaker"
)

// Caller is the section of a configuration file with what a limiter cannot know.
type Caller struct {
	Timeout time.Duration // patience of a call, from its start; 0 means that the file does not say
}

// Validate returns what is wrong with c, or nil.
func (c Caller) Validate() error {
	if c.Timeout < 0 {
		return fmt.Errorf("caller: Timeout is %v, must not be negative", c.Timeout)
	}
	return nil
}

// LoadSetting reads the setting in a configuration file. A section breaker that is
// not there, or says nothing, is no breaker.
func LoadSetting(path string) (Setting, error) {
	var b breaker.Config
	var c Caller
	f, err := configfile.Load(path, configfile.Sections{"breaker": &b, "caller": &c, "gobreaker": nil, "environment": nil})
	if err != nil {
		return Setting{}, err
	}
	s := Setting{Limiter: f.Limiter, Timeout: c.Timeout}
	if b != (breaker.Config{}) {
		s.Breaker = &b
	}
	return s, nil
}

// File is the answer as a configuration file: the setting, the envelope that it is
// expected to stay in, and where all that comes from.
func (f *Found) File() *configfile.File {
	file := &configfile.File{Limiter: f.Answer.Limiter, Sections: configfile.Sections{}, Expected: f.Envelope}
	if f.Answer.Breaker != nil {
		b := *f.Answer.Breaker
		file.Sections["breaker"] = &b
	}
	if f.Answer.Timeout > 0 {
		file.Sections["caller"] = &Caller{f.Answer.Timeout}
	}
	answer := "change"
	if f.Keep {
		answer = "keep"
	}
	scenarios := map[string]any{}
	for i, sc := range f.Scenarios {
		name := sc.Name
		if _, again := scenarios[name]; again || name == "" {
			name = fmt.Sprintf("%s %d", name, i+1)
		}
		scenarios[name] = f.Plan.Scenarios[i]
	}
	base := f.Trials[0]
	file.Provenance = map[string]any{
		"by":         "flyball tune",
		"flyball":    f.Plan.Flyball,
		"answer":     answer,
		"why":        f.Why,
		"objective":  f.Plan.Objective,
		"scenarios":  scenarios,
		"space":      f.Plan.Space,
		"in-force":   f.Plan.InForce,
		"seeds":      span(f.Seeds),
		"unseen":     span(f.Unseen),
		"candidates": f.Played.Candidates,
		"runs":       f.Played.Runs,
		"calls":      f.Played.Calls,
		"score":      map[string]any{"winner": rounded(base.Winner), "in-force": rounded(base.InForce)},
	}
	return file
}

// span writes seeds that are in a row.
func span(seeds []uint64) string {
	return fmt.Sprintf("%d to %d", seeds[0], seeds[len(seeds)-1])
}

func rounded(x float64) float64 { return math.Round(x*1e4) / 1e4 }
