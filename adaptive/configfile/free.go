package configfile

import (
	"go.yaml.in/yaml/v4"

	"github.com/flyball-go/flyball/internal/strict"
)

// free reads a mapping with any keys.
func free(r *strict.Reader, to *map[string]any) strict.Read {
	return func(n *yaml.Node, path string) {
		if n.Kind != yaml.MappingNode {
			r.Fault(n, path, "is %s, must be a mapping", strict.Describe(n))
			return
		}
		*to = freeMap(r, n, path)
	}
}

func freeMap(r *strict.Reader, n *yaml.Node, path string) map[string]any {
	m := map[string]any{}
	var fields []strict.Field
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i].Value
		fields = append(fields, strict.Key(key, func(n *yaml.Node, path string) { m[key] = freeValue(r, n, path) }))
	}
	r.Object(n, path, fields...)
	return m
}

func freeValue(r *strict.Reader, n *yaml.Node, path string) any {
	switch n.Kind {
	case yaml.MappingNode:
		return freeMap(r, n, path)
	case yaml.SequenceNode:
		list := []any{}
		r.List(n, path, func(n *yaml.Node, path string) { list = append(list, freeValue(r, n, path)) })
		return list
	case yaml.ScalarNode:
		var x any
		if err := n.Decode(&x); err == nil {
			return x
		}
		return n.Value
	}
	r.Fault(n, path, "is %s, must be a text, a number, a list or a mapping", strict.Describe(n))
	return nil
}
