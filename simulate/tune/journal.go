package tune

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
)

// A Plan is what the runs of a search depend on. Two searches of the same plan
// are the same search.
type Plan struct {
	Flyball    string   `json:"flyball"`   // version of the program
	Scenarios  []string `json:"scenarios"` // hashes
	Space      string   `json:"space"`     // hash
	Objective  string   `json:"objective"`
	InForce    string   `json:"inForce"` // hash
	Seed       uint64   `json:"seed"`
	Candidates int      `json:"candidates"`
	Unseen     int      `json:"unseen"`
}

// differ names what is not the same in q, with both.
func (p *Plan) differ(q *Plan) string {
	var what []string
	note := func(same bool, name string, own, other any) {
		if !same {
			what = append(what, fmt.Sprintf("%s %v, not %v", name, other, own))
		}
	}
	note(p.Flyball == q.Flyball, "flyball is", p.Flyball, q.Flyball)
	note(slices.Equal(p.Scenarios, q.Scenarios), "scenarios are", short(p.Scenarios), short(q.Scenarios))
	note(p.Space == q.Space, "space is", p.Space, q.Space)
	note(p.Objective == q.Objective, "objective is", p.Objective, q.Objective)
	note(p.InForce == q.InForce, "setting in force is", p.InForce, q.InForce)
	note(p.Seed == q.Seed, "seed is", p.Seed, q.Seed)
	note(p.Candidates == q.Candidates, "candidates are", p.Candidates, q.Candidates)
	note(p.Unseen == q.Unseen, "unseen seeds are", p.Unseen, q.Unseen)
	return strings.Join(what, "; ")
}

func short(hashes []string) string {
	out := make([]string, len(hashes))
	for i, h := range hashes {
		out[i] = h[:min(8, len(h))]
	}
	return strings.Join(out, ",")
}

const (
	journalKind    = "flyball tune journal"
	journalVersion = 1
)

type journalHead struct {
	Kind    string `json:"kind"`
	Version int    `json:"version"`
	Plan    Plan   `json:"plan"`
}

type journalLine struct {
	Run  string `json:"run"`
	Cell cell   `json:"cell"`
}

// A Journal keeps what a search has played in a file, a line of JSON each, so that
// a search that was interrupted goes on where it was. It is safe for concurrent
// use.
type Journal struct {
	mu    sync.Mutex
	file  *os.File
	known map[string]cell
	old   map[string]bool // those that were there when it was opened
	err   error           // of the first line that could not be written
}

// OpenJournal opens the journal at path, or begins it. One of another plan or
// format is refused, and stays as it is. A last line that was cut off is dropped.
func OpenJournal(path string, plan Plan) (*Journal, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return newJournal(path, plan)
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: is no regular file, must be a journal", path)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	j := &Journal{file: f, known: map[string]cell{}, old: map[string]bool{}}
	if info.Size() == 0 { // nothing was written to it yet
		if j.append(journalHead{journalKind, journalVersion, plan}); j.err != nil {
			f.Close()
			return nil, fmt.Errorf("%s: %w", path, j.err)
		}
		return j, nil
	}
	whole, err := j.read(path, plan)
	if err == nil && whole < info.Size() {
		err = f.Truncate(whole)
	}
	if err == nil {
		_, err = f.Seek(whole, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return j, nil
}

func newJournal(path string, plan Plan) (*Journal, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	j := &Journal{file: f, known: map[string]cell{}, old: map[string]bool{}}
	j.append(journalHead{journalKind, journalVersion, plan})
	if j.err != nil {
		f.Close()
		os.Remove(path)
		return nil, fmt.Errorf("%s: %w", path, j.err)
	}
	return j, nil
}

// read takes in all lines and returns how many bytes of the file are whole.
func (j *Journal) read(path string, plan Plan) (whole int64, err error) {
	in := bufio.NewReader(j.file)
	for line := 1; ; line++ {
		text, err := in.ReadBytes('\n')
		if err == io.EOF {
			if line == 1 {
				return 0, fmt.Errorf("%s:1: is no journal of flyball tune", path)
			}
			return whole, nil // what is left of text was cut off
		}
		if err != nil {
			return 0, err
		}
		if line == 1 {
			err = checkHead(text, plan)
		} else {
			err = j.take(text)
		}
		if err != nil {
			return 0, fmt.Errorf("%s:%d: %w", path, line, err)
		}
		whole += int64(len(text))
	}
}

func checkHead(text []byte, plan Plan) error {
	var head journalHead
	if err := json.Unmarshal(text, &head); err != nil || head.Kind != journalKind {
		return errors.New("is no journal of flyball tune")
	}
	if head.Version != journalVersion {
		return fmt.Errorf("is a journal of version %d, must be %d", head.Version, journalVersion)
	}
	if d := plan.differ(&head.Plan); d != "" {
		return fmt.Errorf("is the journal of another run: its %s", d)
	}
	return nil
}

func (j *Journal) take(text []byte) error {
	var l journalLine
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil || l.Run == "" {
		return errors.New("is no run of a journal")
	}
	j.known[l.Run], j.old[l.Run] = l.Cell, true
	return nil
}

// Runs is how many runs the journal has.
func (j *Journal) Runs() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.known)
}

// recall returns what run was like, if the journal knows, and whether that is from
// before it was opened. A nil Journal knows nothing.
func (j *Journal) recall(run string) (c cell, known, old bool) {
	if j == nil {
		return cell{}, false, false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	c, known = j.known[run]
	return c, known, j.old[run]
}

// keep writes down what run was like. The error is that of the first line that
// could not be written.
func (j *Journal) keep(run string, c cell) error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err == nil {
		j.known[run] = c
		j.append(journalLine{run, c})
	}
	return j.err
}

func (j *Journal) append(x any) {
	line, err := json.Marshal(x)
	if err == nil {
		_, err = j.file.Write(append(line, '\n'))
	}
	j.err = err
}

// Close closes the file, which stays.
func (j *Journal) Close() error {
	if j == nil {
		return nil
	}
	return errors.Join(j.err, j.file.Close())
}
