package configfile

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/flyball-go/flyball/internal/strict"
)

// tree is f as nodes, in the order in which people read it.
func (f *File) tree() (*yaml.Node, error) {
	if err := f.Sections.check(); err != nil {
		return nil, err
	}
	root := &yaml.Node{Kind: yaml.MappingNode}
	add(root, "version", scalar(Version))
	addStruct := func(key string, v reflect.Value) {
		if !v.IsZero() {
			add(root, key, nodeOf(v))
		}
	}
	addStruct("limiter", reflect.ValueOf(f.Limiter))
	for _, key := range slices.Sorted(maps.Keys(f.Sections)) {
		if s := f.Sections[key]; s != nil {
			addStruct(key, reflect.ValueOf(s).Elem())
		}
	}
	addStruct("expected", reflect.ValueOf(f.Expected))
	if len(f.Provenance) > 0 {
		add(root, "provenance", nodeOf(reflect.ValueOf(f.Provenance)))
	}
	return root, nil
}

func add(to *yaml.Node, key string, value *yaml.Node) {
	to.Content = append(to.Content, scalar(key), value)
}

// nodeOf is v as a node; zero fields of structs are left out.
func nodeOf(v reflect.Value) *yaml.Node {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() {
		return scalar(nil)
	}
	switch x := v.Interface().(type) {
	case time.Duration:
		return scalar(durationText(x))
	case encoding.TextMarshaler:
		text, err := x.MarshalText()
		if err != nil {
			text = fmt.Appendf(nil, "!%v", err) // reading it back tells
		}
		return scalar(string(text))
	}
	switch v.Kind() {
	case reflect.Struct:
		n := &yaml.Node{Kind: yaml.MappingNode}
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				add(n, strict.KeyOf(v.Type().Field(i).Name), nodeOf(v.Field(i)))
			}
		}
		return n
	case reflect.Map:
		n := &yaml.Node{Kind: yaml.MappingNode}
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int {
			return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
		})
		for _, k := range keys {
			add(n, fmt.Sprint(k), nodeOf(v.MapIndex(k)))
		}
		return n
	case reflect.Slice, reflect.Array:
		n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for i := range v.Len() {
			n.Content = append(n.Content, nodeOf(v.Index(i)))
		}
		return n
	}
	return scalar(v.Interface())
}

func scalar(x any) *yaml.Node {
	n := &yaml.Node{}
	if err := n.Encode(x); err != nil {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"} // reading it back tells
	}
	return n
}

// durationText is d without the zeros that its String has: 1m for 1m0s.
func durationText(d time.Duration) string {
	s := d.String()
	if short, ok := strings.CutSuffix(s, "m0s"); ok {
		s = short + "m"
	}
	if short, ok := strings.CutSuffix(s, "h0m"); ok {
		s = short + "h"
	}
	return s
}

// writeJSON writes the nodes of tree, which are mappings, lists and scalars.
func writeJSON(b *bytes.Buffer, n *yaml.Node) error {
	open, end, step := byte('['), byte(']'), 1
	switch n.Kind {
	case yaml.ScalarNode:
		var x any
		if err := n.Decode(&x); err != nil {
			return err
		}
		text, err := json.Marshal(x)
		b.Write(text)
		return err
	case yaml.MappingNode:
		open, end, step = '{', '}', 2
	}
	b.WriteByte(open)
	for i := 0; i < len(n.Content); i += step {
		if i > 0 {
			b.WriteByte(',')
		}
		if step == 2 {
			key, err := json.Marshal(n.Content[i].Value)
			if err != nil {
				return err
			}
			b.Write(key)
			b.WriteByte(':')
		}
		if err := writeJSON(b, n.Content[i+step-1]); err != nil {
			return err
		}
	}
	b.WriteByte(end)
	return nil
}
