package tune

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/flyball-go/flyball/simulate"
)

const (
	defaultCandidates = 512
	minUnseen         = 20

	searchSeeds = 8 // of the last round; the first has one
	finalists   = 12
	rounds      = 3 // of looking around the best
	parents     = 6
)

// A Search looks for the best setting of a space. The zero values of its numbers
// stand for the defaults.
type Search struct {
	Scenarios  []*simulate.Scenario // the worst of them counts; their seeds, waits, guards and assertions do not
	Space      *Space
	Objective  Objective // the zero Objective is [DefaultObjective]
	InForce    Setting   // what the winner must beat, and what the space's candidates have besides its knobs
	Seed       uint64    // of the candidates and of the first seed that they meet; 0 means 1
	Candidates int       // to screen; 0 means 512
	Unseen     int       // seeds that judge the winner and that the search does not see; 0 means 20, the least
	Events     uint64    // budget of one run; 0 means simulate's
	Flyball    string    // version of the program, for the plan

	Journal  *Journal       // keeps what was played; nil keeps nothing
	Progress func(Progress) // called after every run, one at a time; must not block
}

// Progress is how far a search is.
type Progress struct {
	Stage   string
	Done    int // runs, those of the journal among them
	Total   int // runs, as far as one can tell
	Resumed int // runs that the journal had
	Calls   uint64
	Events  uint64
}

// Validate returns all faults of s, joined, or nil.
func (s *Search) Validate() error {
	var faults []error
	if len(s.Scenarios) == 0 {
		faults = append(faults, errors.New("tune: no scenario, must have one or more"))
	}
	o := s.objective()
	for _, sc := range s.Scenarios {
		if err := sc.Validate(); err != nil {
			faults = append(faults, err)
			continue
		}
		if _, err := newWorld(sc, &o); err != nil {
			faults = append(faults, err)
		}
	}
	if s.Space == nil {
		faults = append(faults, errors.New("tune: no space to search"))
	}
	if s.Candidates < 0 {
		faults = append(faults, fmt.Errorf("tune: %d candidates, must be 1 or more, or 0 for %d", s.Candidates, defaultCandidates))
	}
	if s.Unseen != 0 && s.Unseen < minUnseen {
		faults = append(faults, fmt.Errorf("tune: %d unseen seeds, must be %d or more", s.Unseen, minUnseen))
	}
	return errors.Join(append(faults, s.InForce.Validate())...)
}

func (s *Search) objective() Objective {
	if s.Objective.metric != "" {
		return s.Objective
	}
	o, err := ParseObjective(DefaultObjective)
	if err != nil {
		panic(err)
	}
	return o
}

func (s *Search) seed() uint64    { return max(1, s.Seed) }
func (s *Search) candidates() int { return cmp.Or(s.Candidates, defaultCandidates) }
func (s *Search) unseen() int     { return cmp.Or(s.Unseen, minUnseen) }

// Plan is what s depends on. It is for a valid s.
func (s *Search) Plan() Plan {
	o := s.objective()
	p := Plan{
		Flyball: s.Flyball, Space: s.Space.Hash(), Objective: o.String(), InForce: s.InForce.key(),
		Seed: s.seed(), Candidates: s.candidates(), Unseen: s.unseen(),
	}
	for _, sc := range s.Scenarios {
		p.Scenarios = append(p.Scenarios, sc.Hash())
	}
	return p
}

// entry is a setting that runs are played for.
type entry struct {
	order   int
	point   Point // nil if it is not of the space
	setting Setting
	key     string
	cells   map[spot]cell
}

// search is a Search at work.
type search struct {
	*Search
	objective Objective
	runner    simulate.Runner
	worlds    [][]*world // by scenario and change; nil where a change changes nothing
	yard      []yard     // by scenario
	entries   []*entry
	byKey     map[string]*entry
	void      int   // points whose knobs contradict each other
	fault     error // of the first of them
	progress  Progress
}

// Run searches. If ctx ends, the cause is returned and the journal has what was
// played by then.
func (s *Search) Run(ctx context.Context) (*Found, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	w := &search{
		Search: s, objective: s.objective(), byKey: map[string]*entry{},
		runner: simulate.Runner{Events: s.Events},
	}
	if err := w.build(); err != nil {
		return nil, err
	}
	inForce := w.enter(nil, s.InForce)
	if err := w.screen(); err != nil {
		return nil, err
	}
	w.progress.Total = w.planned()
	if err := w.measureYard(ctx); err != nil {
		return nil, err
	}
	screened, pool, err := w.halve(ctx)
	if err != nil {
		return nil, err
	}
	if pool, err = w.refine(ctx, pool); err != nil {
		return nil, err
	}
	winner, err := w.final(ctx, pool, inForce)
	if err != nil {
		return nil, err
	}
	return w.conclude(ctx, screened, winner, inForce)
}

func (w *search) build() error {
	for _, sc := range w.Scenarios {
		var all []*world
		for _, c := range changes {
			changed := c.on(sc)
			if changed == nil {
				all = append(all, nil)
				continue
			}
			one, err := newWorld(changed, &w.objective)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", sc.Name, c.Name, err)
			}
			all = append(all, one)
		}
		w.worlds = append(w.worlds, all)
	}
	return nil
}

// enter returns the entry of a setting, which it makes unless it is there.
func (w *search) enter(p Point, s Setting) *entry {
	key := s.key()
	if e := w.byKey[key]; e != nil {
		return e
	}
	e := &entry{order: len(w.entries), point: p, setting: s, key: key, cells: map[spot]cell{}}
	w.entries = append(w.entries, e)
	w.byKey[key] = e
	return e
}
