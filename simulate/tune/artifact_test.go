package tune

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/adaptive/configfile"
	"github.com/flyball-go/flyball/breaker"
)

func found(answer Setting) *Found {
	return &Found{
		Keep: true, Why: "because", Answer: answer, Seeds: []uint64{1, 2}, Unseen: []uint64{1001, 1002},
		Plan:      Plan{Flyball: "v1", Scenarios: []string{"aa", "bb"}, Space: "cc", Objective: "max goodput"},
		Scenarios: []ScenarioFound{{Name: "same"}, {Name: "same"}},
		Trials:    []Trial{{Winner: 0.98765432, InForce: 0.5}},
		Envelope:  adaptive.Envelope{MinLimit: 3, MaxLimit: 60, P99: 120 * time.Millisecond, Rejected: 0.1},
	}
}

func TestTheArtifactIsReadBack(t *testing.T) {
	answer := Setting{
		Limiter: adaptive.Config{Name: "users", Law: "vegas:alpha=3:beta=7.5", Max: 200, MaxWait: 250 * time.Millisecond},
		Breaker: &breaker.Config{Rate: 0.4, Open: breaker.Backoff{Base: 2 * time.Second}},
		Timeout: 1500 * time.Millisecond,
	}
	path := filepath.Join(t.TempDir(), "limiter.yaml")
	require.NoError(t, found(answer).File().Write(path))
	back, err := LoadSetting(path)
	require.NoError(t, err)
	require.Equal(t, answer, back)

	var b breaker.Config
	f, err := configfile.Load(path, configfile.Sections{"breaker": &b, "caller": nil})
	require.NoError(t, err)
	require.Equal(t, found(answer).Envelope, f.Expected)
	require.Equal(t, map[string]any{"same": "aa", "same 2": "bb"}, f.Provenance["scenarios"])
	require.Equal(t, "keep", f.Provenance["answer"])
	require.Equal(t, "1001 to 1002", f.Provenance["unseen"])
	require.Equal(t, map[string]any{"winner": 0.9877, "in-force": 0.5}, f.Provenance["score"])

	bare := filepath.Join(t.TempDir(), "limiter.yaml")
	require.NoError(t, found(Setting{}).File().Write(bare))
	back, err = LoadSetting(bare)
	require.NoError(t, err)
	require.Equal(t, Setting{}, back)
}

func TestASettingIsReadWithAllItsFaults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "limiter.yaml")
	require.NoError(t, os.WriteFile(path, []byte("version: 1\nlimiter: {law: vega}\nbreaker: {rate: 2}\ncaller: {timeout: -1s}\nspeed: 1"), 0o600))
	_, err := LoadSetting(path)
	for _, want := range []string{":2: limiter.law: ", ":3: breaker.rate: is 2", ":4: caller.timeout: is -1s", ":5: speed: unknown key"} {
		require.ErrorContains(t, err, want)
	}
}

func TestASettingInWords(t *testing.T) {
	require.Equal(t, "the default", Setting{}.String())
	s := Setting{Limiter: adaptive.Config{Law: "knee", MaxWait: time.Second}, Breaker: &breaker.Config{Open: breaker.Backoff{Base: time.Second}}, Timeout: time.Minute}
	require.Equal(t, "law knee, max-wait 1s, open.base 1s, timeout 1m0s", s.String())
	require.Equal(t, []Line{{"limiter.law", "knee"}, {"limiter.max-wait", "1s"}, {"breaker.open.base", "1s"}, {"caller.timeout", "1m0s"}}, s.Lines())
}
