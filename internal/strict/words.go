package strict

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Join is the path of key in the mapping at path.
func Join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// quoted is how many bytes of a value a fault quotes: a file that is no mapping may be
// one value from end to end.
const quoted = 60

// Describe names n in a fault.
func Describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	if len(n.Value) > quoted {
		return strconv.Quote(strings.ToValidUTF8(n.Value[:quoted], "")) + "…"
	}
	return strconv.Quote(n.Value)
}

func keysOf(fields []Field) string {
	return OneOf(words(fields))
}

func words(fields []Field) []string {
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = f.Key
	}
	return keys
}

// OneOf lists what would be right.
func OneOf(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	return "one of " + strings.Join(words, ", ")
}

// Hint names the key that key was probably meant to be, or all of them.
func Hint(key string, known []string) string {
	if best := Nearest(key, known); best != "" {
		return best + "?"
	}
	return OneOf(known)
}

// Nearest is the word that key was probably meant to be; "" if none is near.
func Nearest(key string, known []string) string {
	best, least := "", 3
	for _, k := range known {
		if d := distance(strings.ToLower(key), k); d < least && d < len(k) {
			best, least = k, d
		}
	}
	return best
}

// distance is how many letters must change, come or go to turn a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			corner, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, corner+cost)
		}
	}
	return row[len(b)]
}
