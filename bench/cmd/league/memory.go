package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"github.com/flyball-go/flyball/simulate"
)

// memory keeps oracles from run to run: finding one takes sixteen runs, and
// seeing that it still holds takes one.
type memory struct {
	file  string
	found map[string]simulate.Found
}

func defaultMemory() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "flyball", "oracles.json")
}

func recall(file string) (*memory, error) {
	m := &memory{file: file, found: map[string]simulate.Found{}}
	if file == "" {
		return m, nil
	}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &m.found); err != nil {
		return nil, fmt.Errorf("%s: %w; remove it", file, err)
	}
	return m, nil
}

// keep adds found to the file, in one step.
func (m *memory) keep(found map[string]simulate.Found) error {
	if m.file == "" || len(found) == 0 {
		return nil
	}
	maps.Copy(m.found, found)
	data, err := json.Marshal(m.found)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(m.file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(m.file+".new", data, 0o644); err != nil {
		return err
	}
	return os.Rename(m.file+".new", m.file)
}
