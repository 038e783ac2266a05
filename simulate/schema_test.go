package simulate

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// schema is examples/scenarios/scenario.schema.json.
type schema struct {
	t    *testing.T
	root map[string]any
}

func loadSchema(t *testing.T) *schema {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(library, "scenario.schema.json"))
	require.NoError(t, err)
	s := &schema{t: t}
	require.NoError(t, json.Unmarshal(data, &s.root))
	require.Equal(t, "https://json-schema.org/draft/2020-12/schema", s.root["$schema"])
	return s
}

func (s *schema) resolve(ref any) map[string]any {
	name, ok := strings.CutPrefix(ref.(string), "#/$defs/")
	require.True(s.t, ok, ref)
	def, ok := s.root["$defs"].(map[string]any)[name].(map[string]any)
	require.True(s.t, ok, "no definition %s", name)
	return def
}

// objects are the mappings with known keys that a value may be.
func (s *schema) objects(node map[string]any) []map[string]any {
	var out []map[string]any
	if ref, ok := node["$ref"]; ok {
		out = append(out, s.objects(s.resolve(ref))...)
	}
	if items, ok := node["items"]; ok {
		out = append(out, s.objects(items.(map[string]any))...)
	}
	alternatives, _ := node["anyOf"].([]any)
	for _, a := range alternatives {
		out = append(out, s.objects(a.(map[string]any))...)
	}
	if _, ok := node["properties"]; ok {
		require.Equal(s.t, false, node["additionalProperties"], "an unknown key must be a fault")
		out = append(out, node)
	}
	return out
}

const probe = "zzzzzzzz"

var (
	unknownKey = regexp.MustCompile(probe + `: unknown key, must be (?:one of )?(.*)`)
	noMainKey  = regexp.MustCompile(`: says not what it is, must have (?:one of )?(.*)`)
)

// asks returns the keys, or the main keys, that the parser knows in a mapping,
// which it tells when it meets one that it does not know. wrap puts the mapping
// in its place.
func asks(wrap func(string) string, main string) (keys, kinds []string) {
	inner := probe + ": 1"
	if main != "" {
		inner = main + ": 1, " + inner
	}
	_, err := Parse("x.yaml", []byte(wrap("{"+inner+"}")))
	if m := unknownKey.FindStringSubmatch(err.Error()); m != nil {
		return strings.Split(m[1], ", "), nil
	}
	if m := noMainKey.FindStringSubmatch(err.Error()); m != nil {
		return nil, strings.Split(m[1], ", ")
	}
	return nil, nil
}

// agree holds the parser against the schema, from one mapping downwards. It
// returns how many keys it has seen.
func (s *schema) agree(path string, node map[string]any, wrap func(string) string) int {
	keys, kinds := asks(wrap, "")
	objects := s.objects(node)
	switch {
	case kinds != nil:
		seen := 0
		for _, o := range objects {
			main := o["required"].([]any)[0].(string)
			keys, _ := asks(wrap, main)
			kinds = slices.DeleteFunc(kinds, func(k string) bool { return k == main })
			seen += s.agreeOn(path+"{"+main+"}", main, keys, o, wrap)
		}
		require.Empty(s.t, kinds, "%s: not in the schema", path)
		return seen
	case keys != nil:
		require.Len(s.t, objects, 1, path)
		return s.agreeOn(path, "", keys, objects[0], wrap)
	}
	require.Empty(s.t, objects, "%s is no mapping to the parser", path)
	return 0
}

func (s *schema) agreeOn(path, main string, keys []string, object map[string]any, wrap func(string) string) int {
	properties := object["properties"].(map[string]any)
	require.ElementsMatch(s.t, keys, slices.Collect(maps.Keys(properties)), path)
	seen := len(keys)
	for _, key := range keys {
		property := properties[key].(map[string]any)
		if ref, ok := property["$ref"]; ok && property["description"] == nil {
			property = s.resolve(ref)
		}
		require.NotEmpty(s.t, property["description"], "%s.%s: a person with an editor wants to read what it is", path, key)
		seen += s.agree(path+"."+key, properties[key].(map[string]any), func(inner string) string {
			inner = key + ": " + inner
			if main != "" && main != key {
				inner = main + ": 1, " + inner
			}
			return wrap("{" + inner + "}")
		})
	}
	return seen
}

func TestTheSchemaHasTheKeysOfTheParser(t *testing.T) {
	s := loadSchema(t)
	seen := s.agree("", s.root, func(inner string) string { return inner })
	require.Greater(t, seen, 80, "the parser no longer tells the keys it knows")
}

func TestTheSchemaTakesWhatTheParserTakes(t *testing.T) {
	s := loadSchema(t)
	files, err := filepath.Glob(filepath.Join(library, "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Empty(t, s.faults(string(data)), file)
	}
	require.Empty(t, s.faults(everything))
	require.Empty(t, s.faults(checked+"- p99 <= 3s\n- vegas: score >= 0.5\n"))
	for _, service := range []string{"{const: 5ms}", "{lognormal: 1m30s, sigma: 0.5}", "{gamma: 5ms, shape: 2}", "{pareto: 1.5ms, alpha: 1.5}", "{empirical: [1ms, 3us]}", "{trace: t.csv, column: took, unit: ms}"} {
		require.Empty(t, s.faults(minimal("service: {exp: 50ms}", "service: "+service)), service)
	}
	latency := minimal("servers: 20\n  service: {exp: 50ms}", "latency: {base: 50ms, noise: 0.2, slope: 1ms, knee: 40, growth: 0.05}")
	_, err = Parse("x.yaml", []byte(latency))
	require.NoError(t, err)
	require.Empty(t, s.faults(latency))
	for _, line := range []string{"clients: 3", "clients: 0", "retries: {count: 2, budget: 0.1, backoff: 5ms}", "faults: {errors: 1, at: 0}", "changes: 5s", "guards: none", "assert: p99 <= 1s", "seed: 18446744073709551615"} {
		_, err := Parse("x.yaml", []byte(minimal("", line)))
		require.NoError(t, err, line)
		require.Empty(t, s.faults(minimal("", line)), line)
	}
}

func TestTheSchemaRefusesWhatTheParserRefuses(t *testing.T) {
	s := loadSchema(t)
	require.Empty(t, s.faults(minimal("", "timeout: 5s")))
	for _, c := range []struct{ old, new string }{
		{"", "lod: 3"},
		{"", "timeout: 5"},
		{"", "timeout: soon"},
		{"", "timeout: -1s"},
		{"", "retries: 1.5"},
		{"", "retries: 101"},
		{"", "clients: '3'"},
		{"", "clients: {skew: 2}"},
		{"", "wait: {queue: -1}"},
		{"", "faults: {slow: 2, errors: 1}"},
		{"", "faults: {at: 2s}"},
		{"", "faults: {errors: 1.2}"},
		{"", "faults: {slow: 0}"},
		{"", "faults: {errors: 1, ramp: 1s}"},
		{"", "assert: [{a: p99 <= 1s, b: p99 <= 1s}]"},
		{"{poisson: 480}", "{poison: 480}"},
		{"{poisson: 480}", "{poisson: -3}"},
		{"{poisson: 480}", "{poisson: fast}"},
		{"{poisson: 480}", "{ramp: 5}"},
		{"{poisson: 480}", "{ramp: [5]}"},
		{"{poisson: 480}", "{users: 10, think: 5s}"},
		{"{poisson: 480}", "{schedule: {soon: 5}}"},
		{"{poisson: 480}", "{schedule: {0s: fast}}"},
		{"{poisson: 480}", "{work: 5}"},
		{"", "clients: {count: 3, join: {every: fast}}"},
		{"", "classes: [{name: a, share: 2}]"},
		{"servers: 20", "servers: 0"},
		{"servers: 20", "servers: {soon: 20}"},
		{"servers: 20", "queue: 5"},
		{"servers: 20", "servers: 20\n  hard-limit: {in-flight: 0}"},
		{"servers: 20", "servers: 20\n  hard-limit: {in-flight: 5, then: vanish}"},
		{"servers: 20\n  service: {exp: 50ms}", "latency: {knee: 5, growth: 1}"},
		{"servers: 20", "servers: 20\n  order: fif"},
		{"servers: 20", "servers: 20\n  queue: -3"},
		{"servers: 20", "servers: 20\n  drop-stale: 3"},
		{"{exp: 50ms}", "50ms"},
		{"{exp: 50ms}", "{pareto: 50ms, alpha: 1}"},
		{"{exp: 50ms}", "{empirical: []}"},
		{"duration: 60s\n", ""},
	} {
		_, err := Parse("x.yaml", []byte(minimal(c.old, c.new)))
		require.Error(t, err, c.new)
		require.NotEmpty(t, s.faults(minimal(c.old, c.new)), c.new)
	}
}
