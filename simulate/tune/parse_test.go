package tune

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/breaker"
)

func TestAPointOfASpaceIsASetting(t *testing.T) {
	s := space(t, `
version: 1
law:
  vegas: {alpha: {min: 1, max: 100, scale: log}, beta: 200}
  knee: {}
limiter:
  max: 500
  queue: {choice: [-1, 64]}
  max-wait: {min: 10ms, max: 1s, scale: log}
breaker:
  min-volume: {min: 10, max: 30}
  open: {base: 3s}
timeout: {min: 1s, max: 3s}
`)
	var paths []string
	for _, k := range s.Knobs {
		paths = append(paths, k.Path)
	}
	require.Equal(t, []string{"law", "law.vegas.alpha", "limiter.queue", "limiter.max-wait", "breaker.min-volume", "timeout"}, paths)

	base := Setting{Limiter: adaptive.Config{Name: "users", Initial: 9}}
	got, err := s.At(base, Point{0, 0.5, 0.9, 0, 0.5, 1})
	require.NoError(t, err)
	require.Equal(t, Setting{
		Limiter: adaptive.Config{Name: "users", Initial: 9, Law: "vegas:beta=200:alpha=10", Max: 500, Queue: 64, MaxWait: 10 * time.Millisecond},
		Breaker: &breaker.Config{MinVolume: 20, Open: breaker.Backoff{Base: 3 * time.Second}},
		Timeout: 3 * time.Second,
	}, got)
	require.Nil(t, base.Breaker)
	require.Equal(t, []string{"vegas", "10", "64", "10ms", "20", "3s"}, s.Values(Point{0, 0.5, 0.9, 0, 0.5, 1}))

	got, err = s.At(base, Point{0.9, 0.5, 0, 0, 0, 0})
	require.NoError(t, err)
	require.Equal(t, "knee", got.Limiter.Law)
	require.Equal(t, []string{"knee", "", "-1", "10ms", "10", "1s"}, s.Values(Point{0.9, 0.5, 0, 0, 0, 0}))
}

func TestAKnobStaysInItsRangeAndIsRounded(t *testing.T) {
	s := space(t, "{version: 1, law: {aimd: {backoff: {min: 0.5123, max: 0.98}}}, limiter: {min: {min: 1, max: 7}, max: {min: 10, max: 99999, scale: log}}}")
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		p := Point{rnd.Float64(), rnd.Float64(), rnd.Float64()}
		got, err := s.At(Setting{}, p)
		require.NoError(t, err)
		require.GreaterOrEqual(t, got.Limiter.Min, 1)
		require.LessOrEqual(t, got.Limiter.Min, 7)
		require.LessOrEqual(t, len(strings.TrimPrefix(got.Limiter.Law, "aimd:backoff=")), len("0.5123"), got.Limiter.Law)
	}
	edge, err := s.At(Setting{}, Point{0, 1, 1})
	require.NoError(t, err)
	require.Equal(t, "aimd:backoff=0.5123", edge.Limiter.Law)
	require.Equal(t, adaptive.Config{Law: edge.Limiter.Law, Min: 7, Max: 99999}, edge.Limiter)
}

func TestFaultsOfASpaceComeAtOnceWithTheirPlace(t *testing.T) {
	for text, want := range map[string][]string{
		"":                        {"space.yaml: is empty, must be a search space"},
		"{}":                      {"space.yaml:1: version: is missing, must be 1"},
		"[a]":                     {"space.yaml:1: is a list, must be a mapping with one of version, law, limiter, breaker, timeout"},
		"version: 1\nbreeker: {}": {"space.yaml:2: breeker: unknown key, must be breaker?"},
		"version: 2\nlimiter: {max: {min: 1, max: 2}}": {"space.yaml:1: version: is 2, must be 1"},
		"version: 1\nlimiter: {max: 5}":                {"space.yaml:1: searches nothing, must have a range or a choice for one key at least"},
		"version: 1\nlaw: knee":                        {"searches nothing"},
		"version: 1\nlimiter:\n  max: {min: 9, max: 3}\n  min: {min: 4, max: 4}\n  quene: 3": {
			"space.yaml:3: limiter.max: is inverted: min 9 is above max 3",
			"space.yaml:4: limiter.min: is empty: min and max are both 4; write the value alone to have it in all candidates",
			"space.yaml:5: limiter.quene: unknown key, must be queue?",
		},
		"version: 1\nlimiter:\n  max-wait: {min: 0s, max: 1s, scale: log}\n  queue: {choice: [5]}\n  min: {choice: [1, 2], min: 3}\n  max: {min: 1}\n  initial: {min: 1, max: 2, scale: cubic}": {
			"space.yaml:3: limiter.max-wait.min: is 0s, must be above 0 where the scale is log",
			"space.yaml:4: limiter.queue: chooses from 1 values, must have two or more",
			"space.yaml:5: limiter.min: has a choice and a range, must have only one of them",
			"space.yaml:6: limiter.max: must have min and max, or a choice",
			`space.yaml:7: limiter.initial.scale: is "cubic", must be linear or log`,
		},
		"version: 1\nlimiter: {queue: {choice: [1, 2, 1]}}":     {"space.yaml:2: limiter.queue.choice[2]: is 1 again"},
		"version: 1\nlimiter: {max: {min: 1.5, max: 3}}":        {`limiter.max.min: is "1.5", must be a whole number`},
		"version: 1\ntimeout: {min: 1, max: 2s}":                {"timeout.min: is 1 without a unit, must be a duration such as 1s or 1ms"},
		"version: 1\nlaw: vega":                                 {`space.yaml:2: law: law "vega" is unknown; the laws are aimd, fair, fixed, gradient, knee, vegas`},
		"version: 1\nlaw: [knee, knee]":                         {"space.yaml:2: law[1]: is knee again"},
		"version: 1\nlaw: ['vegas:alpha=3', knee]":              {`law[0]: is "vegas:alpha=3", must be a name alone`},
		"version: 1\nlaw: {}":                                   {"law: is empty, must have the name of a law"},
		"version: 1\nlaw:\n  vegas: {gamma: {min: 1, max: 2}}":  {`space.yaml:3: law.vegas.gamma: no value of it will do: adaptive: law "vegas:gamma=1": "gamma" is no constant of it; they are alpha, beta`},
		"version: 1\nlaw:\n  aimd: {backoff: {min: 2, max: 3}}": {"law.aimd.backoff: no value of it will do", "must be above 0 and below 1"},
		"version: 1\nbreaker: {rate: {min: 2, max: 3}}":         {"space.yaml:2: breaker.rate: no value of it will do"},
		"version: 1\nlimiter: {initial: {min: -5, max: -1}}":    {"limiter.initial: no value of it will do"},
	} {
		_, err := Parse("space.yaml", []byte(text))
		for _, w := range want {
			assert.ErrorContains(t, err, w, text)
		}
		if err != nil {
			assert.LessOrEqual(t, len(strings.Split(err.Error(), "\n")), len(want), "%s: %v", text, err)
		}
	}
}

func TestASpaceIsReadFromAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "space.yaml")
	_, err := Load(path)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(path, []byte("{version: 1, law: [knee, vegas]}"), 0o600))
	s, err := Load(path)
	require.NoError(t, err)
	other := space(t, "{version: 1, law: [vegas, knee]}")
	require.NotEqual(t, s.Hash(), other.Hash())
	require.Equal(t, s.Hash(), space(t, "version: 1\nlaw:\n  - knee\n  - vegas").Hash())
}

func FuzzParse(f *testing.F) {
	f.Add("version: 1\nlaw: {vegas: {alpha: {min: 1, max: 2, scale: log}}}\ntimeout: {choice: [1s, 2s]}")
	f.Add("version: 1\nlimiter: {max: {min: 1, max: 2}}\nbreaker: {open: {base: {min: 1s, max: 2s}}}")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse("space.yaml", []byte(text))
		if err != nil {
			return
		}
		p := make(Point, len(s.Knobs))
		for _, u := range []float64{0, 0.3, 1} {
			for i := range p {
				p[i] = u
			}
			_, _ = s.At(Setting{}, p)
			require.Len(t, s.Values(p), len(s.Knobs))
		}
	})
}
