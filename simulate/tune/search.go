package tune

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

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

// screen enters the candidates of the first round. Points without a valid setting,
// or with one that is there already, are made up for by another hypercube, a few
// times.
func (w *search) screen() error {
	rnd := newRand(w.seed(), "screen")
	want := w.candidates() + len(w.entries)
	for range 5 {
		for _, p := range hypercube(w.candidates(), len(w.Space.Knobs), rnd) {
			if len(w.entries) == want {
				return nil
			}
			w.offer(p)
		}
	}
	if len(w.entries) == 1 && w.fault != nil {
		return fmt.Errorf("tune: no point of the space is valid; the first was not because: %w", w.fault)
	}
	return nil
}

// offer enters the setting at p if there is one, and reports whether it is new.
func (w *search) offer(p Point) bool {
	setting, err := w.Space.At(w.InForce, p)
	if err != nil {
		w.void++
		w.fault = cmp.Or(w.fault, err)
		return false
	}
	before := len(w.entries)
	w.enter(p, setting)
	return len(w.entries) > before
}

// seeds are those that the search sees, from the first on.
func (w *search) seeds(n int) []uint64 { return inARow(w.seed(), n) }

// unseenSeeds are far away from them.
func (w *search) unseenSeeds() []uint64 { return inARow(w.seed()+1000, w.unseen()) }

func inARow(from uint64, n int) []uint64 {
	out := make([]uint64, n)
	for i := range out {
		out[i] = from + uint64(i)
	}
	return out
}

// halve plays all entries on one seed and the better ones on more: a quarter of
// them on twice as many, and so on.
func (w *search) halve(ctx context.Context) (all, pool []*entry, err error) {
	all = slices.Clone(w.entries)
	pool = all
	for n := 1; ; n *= 2 {
		if err := w.play(ctx, fmt.Sprintf("screen on %d", n), pool, w.seeds(n), 1); err != nil {
			return nil, nil, err
		}
		w.rank(pool, w.seeds(n), 1)
		if n == searchSeeds/2 {
			return all, pool, nil
		}
		pool = slices.Clone(pool[:quarter(len(pool))])
	}
}

func quarter(n int) int { return min(n, max(2*finalists, n/4)) }

// refine looks around the best of pool.
func (w *search) refine(ctx context.Context, pool []*entry) ([]*entry, error) {
	seeds := w.seeds(searchSeeds / 2)
	rnd := newRand(w.seed(), "refine")
	for round := range rounds {
		var from []Point
		for _, e := range pool {
			if e.point != nil && len(from) < parents {
				from = append(from, e.point)
			}
		}
		if len(from) == 0 {
			return pool, nil
		}
		first := len(w.entries)
		for i := 0; i < 10*w.brood() && len(w.entries) < first+w.brood(); i++ {
			w.offer(w.Space.child(from, i%len(from), round, rnd))
		}
		born := w.entries[first:]
		if err := w.play(ctx, fmt.Sprintf("refine %d of %d", round+1, rounds), born, seeds, 1); err != nil {
			return nil, err
		}
		pool = append(pool, born...)
		w.rank(pool, seeds, 1)
	}
	return pool, nil
}

// brood is how many are born in a round.
func (w *search) brood() int { return max(finalists, w.candidates()/20) }

// final plays the best, and what is in force, on all seeds of the search and on the
// changed downstreams.
func (w *search) final(ctx context.Context, pool []*entry, inForce *entry) (*entry, error) {
	pool = slices.Clone(pool[:min(finalists, len(pool))])
	if !slices.Contains(pool, inForce) {
		pool = append(pool, inForce)
	}
	seeds := w.seeds(searchSeeds)
	if err := w.play(ctx, "final", pool, seeds, len(changes)); err != nil {
		return nil, err
	}
	w.rank(pool, seeds, len(changes))
	return pool[0], nil
}

// unluckiest is the share of seeds, those with the least, that a score is the mean
// of where there are several. The mean of all would put a winner at the edge of a
// cliff that every fourth run falls off.
const unluckiest = 0.25

// score is the worst, over scenarios and the first so many changes, of the mean
// over the unluckiest seeds; 1 is the best fixed limit.
func (w *search) score(e *entry, seeds []uint64, upTo int) float64 {
	worst := math.Inf(1)
	runs := make([]float64, len(seeds))
	n := max(1, int(unluckiest*float64(len(seeds))))
	for s, all := range w.worlds {
		for c, world := range all[:upTo] {
			if world == nil {
				continue
			}
			for i, seed := range seeds {
				runs[i] = w.relative(e, spot{s, c, seed})
			}
			slices.Sort(runs)
			sum := 0.0
			for _, x := range runs[:n] {
				sum += x
			}
			worst = min(worst, sum/float64(n))
		}
	}
	return worst
}

// relative is what a cell is worth beside the best fixed limit.
func (w *search) relative(e *entry, at spot) float64 {
	if best := w.yard[at.scenario].cell.Worth; best > 0 {
		return e.cells[at].Worth / best
	}
	return e.cells[at].Worth
}

// rank sorts by score, the best first; of equals the one that came first.
func (w *search) rank(pool []*entry, seeds []uint64, upTo int) {
	scores := map[*entry]float64{}
	for _, e := range pool {
		scores[e] = w.score(e, seeds, upTo)
	}
	slices.SortFunc(pool, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a.order, b.order))
	})
}
