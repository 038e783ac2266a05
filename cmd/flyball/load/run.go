package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// Version is that of the file of a Run.
const Version = 1

// A Run is the record of a load test, as JSON with durations in nanoseconds.
type Run struct {
	Version int       `json:"version"`
	Flyball string    `json:"flyball"`
	Loop    string    `json:"loop"` // "open"
	Method  string    `json:"method"`
	Target  string    `json:"target"` // without what may be secret: user, query
	Begun   time.Time `json:"begun"`
	Ceiling float64   `json:"ceiling"`           // of the generator, calls a second
	Partial string    `json:"partial,omitempty"` // why it is not whole
	Plan    Plan      `json:"plan"`
	Found
	Verified *Verified `json:"verified,omitempty"`
}

// ErrFormat is the error of a file that is not a Run.
var ErrFormat = errors.New("is not a result of flyball loadtest")

// ReadRun reads the file of a Run.
func ReadRun(path string) (*Run, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var head struct {
		Version *int    `json:"version"`
		Loop    *string `json:"loop"`
		Steps   *[]any  `json:"steps"`
	}
	if err := json.Unmarshal(data, &head); err != nil || head.Version == nil || head.Loop == nil || head.Steps == nil {
		return nil, ErrFormat
	}
	if *head.Version != Version {
		return nil, fmt.Errorf("has version %d, want %d", *head.Version, Version)
	}
	var r Run
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return nil, err
	}
	return &r, nil
}

// Calls is how many were made to find the knee.
func (r *Run) Calls() (n uint64) {
	for _, s := range r.Steps {
		n += s.Sent
	}
	if r.Recovery != nil {
		for _, s := range r.Recovery.Steps {
			n += s.Sent
		}
	}
	return n
}
