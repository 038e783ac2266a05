package simulate

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
)

var defaultGuards = [...]string{"none", "fixed:0.5x", "fixed:1x", "fixed:2x", "aimd", "vegas", "knee"}

// DefaultGuards are compared when neither the scenario nor the Runner names any.
func DefaultGuards() []string { return defaultGuards[:] }

// A Runner plays scenarios. The zero Runner is ready; it remembers the oracles it
// has found, so use one for many runs. It is safe for concurrent use.
type Runner struct {
	Guards []string // under test; none means the scenario's, and if it names none DefaultGuards
	Seeds  []uint64 // none means the scenario's
	Events uint64   // budget of one run; 0 means 50 million

	History bool          // keep what the guards decide, see Result.History
	Ended   func(*Result) // told of each run of Compare, one at a time but in any order; nil tells nobody

	mu       sync.Mutex
	oracles  map[string]*oracle
	recalled map[string]Found
}

// oracle is found once; a failed search is tried again.
type oracle struct {
	mu     sync.Mutex
	result *Result
}

// Compare plays sc for each guard and seed, and the oracle, on all processors.
// The error is all faults of sc and of the names of guards, or the first run that
// went wrong, or the cause of ctx.
func (r *Runner) Compare(ctx context.Context, sc *Scenario) (*Report, error) {
	kinds, err := r.prepare(sc)
	if err != nil {
		return nil, err
	}
	seeds := r.Seeds
	if len(seeds) == 0 {
		seeds = []uint64{sc.seed()}
	}
	rep := &Report{
		Version: 1, Scenario: sc.Name, Description: sc.Description, Hash: sc.Hash(), Seeds: seeds,
		Duration: sc.Duration.Seconds(), Right: newWeather(sc).rightLimit(0),
		Results: make([]*Result, (len(kinds)+1)*len(seeds)),
	}
	errs := make([]error, len(rep.Results))
	var telling sync.Mutex
	parallel(len(rep.Results), func(i int) {
		if ctx.Err() != nil {
			return
		}
		// Oracles first: each is many runs, and every judgement waits for one.
		i = (i + len(kinds)*len(seeds)) % len(rep.Results)
		at, seed := i/len(seeds), seeds[i%len(seeds)]
		var kind *guardKind
		if at < len(kinds) {
			kind = kinds[at]
		}
		rep.Results[i], errs[i] = r.run(ctx, sc.with(seed), kind)
		if r.Ended != nil && errs[i] == nil {
			telling.Lock()
			defer telling.Unlock()
			r.Ended(rep.Results[i])
		}
	})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	for _, err := range errs {
		if err != nil {
			return nil, err // the same one at every attempt, whichever run ended first
		}
	}
	return rep, nil
}

// Run plays sc for one guard with the scenario's seed.
func (r *Runner) Run(ctx context.Context, sc *Scenario, guard string) (*Result, error) {
	kinds, err := (&Runner{Guards: []string{guard}, History: r.History}).prepare(sc)
	if err != nil {
		return nil, err
	}
	var kind *guardKind
	if len(kinds) > 0 {
		kind = kinds[0]
	}
	return r.run(ctx, sc.with(sc.seed()), kind)
}

// Run plays sc for one guard with the scenario's seed.
func Run(ctx context.Context, sc *Scenario, guard string) (*Result, error) {
	return new(Runner).Run(ctx, sc, guard)
}

// prepare checks everything and reads the names of the guards. The oracle always
// comes with the others, so its name is left out.
func (r *Runner) prepare(sc *Scenario) ([]*guardKind, error) {
	faults := []error{sc.Validate()}
	names := r.Guards
	if len(names) == 0 {
		names = sc.Guards
	}
	if len(names) == 0 {
		names = DefaultGuards()
	}
	var kinds []*guardKind
	for _, name := range names {
		if name == oracleName {
			continue
		}
		kind, err := parseGuard(name)
		faults = append(faults, err)
		if err == nil {
			kind.history = r.History
		}
		kinds = append(kinds, kind)
	}
	return kinds, errors.Join(faults...)
}

// run plays one guard, or the oracle if kind is nil, and judges it.
func (r *Runner) run(ctx context.Context, sc *Scenario, kind *guardKind) (*Result, error) {
	if kind == nil {
		return r.oracle(ctx, sc)
	}
	run, err := newRun(sc, kind)
	if err != nil {
		return nil, fmt.Errorf("simulate: %s, guard %s: %w", sc.Name, kind.name, err)
	}
	res, err := run.play(ctx, r.Events)
	if err != nil {
		return nil, err
	}
	o, err := r.oracle(ctx, sc)
	if err != nil {
		return nil, err
	}
	res.judge(sc, o)
	return res, nil
}

func (r *Runner) oracle(ctx context.Context, sc *Scenario) (*Result, error) {
	key := sc.Hash()
	r.mu.Lock()
	if r.oracles == nil {
		r.oracles = map[string]*oracle{}
	}
	before, known := r.recalled[key]
	o := r.oracles[key]
	if o == nil {
		o = &oracle{}
		r.oracles[key] = o
	}
	r.mu.Unlock()
	o.mu.Lock()
	defer o.mu.Unlock()
	var err error
	if o.result == nil && known {
		o.result, err = before.recall(ctx, sc, r.Events)
	}
	if o.result == nil && err == nil {
		o.result, err = findOracle(ctx, sc, r.Events)
	}
	return o.result, err
}

// parallel calls f for 0 to n−1, on as many goroutines as there are processors.
func parallel(n int, f func(int)) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	next := 0
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= n {
					return
				}
				f(i)
			}
		})
	}
	wg.Wait()
}
