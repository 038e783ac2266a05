package simulate

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/flyball-go/flyball/internal/strict"
)

// faults are those of a scenario by the schema, as an editor shows them.
func (s *schema) faults(scenario string) []string {
	var value any
	require.NoError(s.t, yaml.Unmarshal([]byte(scenario), &value))
	data, err := json.Marshal(value)
	require.NoError(s.t, err)
	value = nil
	require.NoError(s.t, json.Unmarshal(data, &value))
	return s.check("", s.root, value)
}

// check knows the keywords that the schema uses, and no others.
func (s *schema) check(path string, node map[string]any, value any) (faults []string) {
	must := func(ok bool, keyword string) {
		if !ok {
			faults = append(faults, fmt.Sprintf("%s: %s: %v", path, keyword, value))
		}
	}
	object, isObject := value.(map[string]any)
	list, isList := value.([]any)
	text, isText := value.(string)
	number, isNumber := value.(float64)
	for keyword, want := range node {
		limit, _ := want.(float64)
		switch keyword {
		case "$schema", "$id", "$defs", "title", "description", "examples":
		case "$ref":
			faults = append(faults, s.check(path, s.resolve(want), value)...)
		case "type":
			_, isBool := value.(bool)
			must(map[any]bool{"object": isObject, "array": isList, "string": isText, "boolean": isBool, "number": isNumber, "integer": isNumber && number == float64(int64(number)) || number >= 1<<63}[want], keyword)
		case "const":
			must(value == want, keyword)
		case "enum":
			must(slices.Contains(want.([]any), value), keyword)
		case "anyOf":
			must(slices.ContainsFunc(want.([]any), func(a any) bool { return len(s.check(path, a.(map[string]any), value)) == 0 }), keyword)
		case "pattern":
			must(!isText || regexp.MustCompile(want.(string)).MatchString(text), keyword)
		case "maxLength":
			must(float64(utf8.RuneCountInString(text)) <= limit, keyword)
		case "minimum":
			must(!isNumber || number >= limit, keyword)
		case "maximum":
			must(!isNumber || number <= limit, keyword)
		case "exclusiveMinimum":
			must(!isNumber || number > limit, keyword)
		case "minItems":
			must(!isList || float64(len(list)) >= limit, keyword)
		case "maxItems":
			must(!isList || float64(len(list)) <= limit, keyword)
		case "minProperties":
			must(!isObject || float64(len(object)) >= limit, keyword)
		case "maxProperties":
			must(!isObject || float64(len(object)) <= limit, keyword)
		case "required":
			for _, key := range want.([]any) {
				_, ok := object[key.(string)]
				must(!isObject || ok, keyword)
			}
		case "items":
			for i, item := range list {
				faults = append(faults, s.check(fmt.Sprintf("%s[%d]", path, i), want.(map[string]any), item)...)
			}
		case "propertyNames":
			for key := range object {
				faults = append(faults, s.check(path, want.(map[string]any), key)...)
			}
		case "properties", "additionalProperties":
			if keyword == "additionalProperties" && node["properties"] != nil {
				continue
			}
			known, _ := node["properties"].(map[string]any)
			for key, part := range object {
				rest, _ := node["additionalProperties"].(map[string]any)
				if own, ok := known[key].(map[string]any); ok {
					rest = own
				}
				must(rest != nil, "unknown key "+key)
				faults = append(faults, s.check(strict.Join(path, key), rest, part)...)
			}
		default:
			s.t.Fatalf("%s: the test does not know the keyword %s", path, keyword)
		}
	}
	return faults
}
