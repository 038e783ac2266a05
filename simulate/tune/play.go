package tune

import (
	"context"
	"fmt"
	"runtime"
	"sync"
)

// task is a run that is to be played.
type task struct {
	e    *entry
	at   spot
	cell cell
	err  error
}

// play fills in the cells of entries for seeds and the first so many changes, on
// all processors.
func (w *search) play(ctx context.Context, stage string, entries []*entry, seeds []uint64, upTo int) error {
	var tasks []*task
	for _, seed := range seeds { // of one seed all first, so that a journal that ends early has whole comparisons
		for s, all := range w.worlds {
			for c := range all[:upTo] {
				for _, e := range entries {
					at := spot{s, c, seed}
					if _, known := e.cells[at]; !known && all[c] != nil {
						tasks = append(tasks, &task{e: e, at: at})
					}
				}
			}
		}
	}
	w.progress.Stage = stage
	w.progress.Total = max(w.progress.Total, w.progress.Done+len(tasks))
	var mu sync.Mutex
	next, failed := 0, false
	take := func() *task {
		mu.Lock()
		defer mu.Unlock()
		if next == len(tasks) || failed || ctx.Err() != nil {
			return nil
		}
		next++
		return tasks[next-1]
	}
	var wg sync.WaitGroup
	for range min(len(tasks), runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for t := take(); t != nil; t = take() {
				resumed := w.one(ctx, t)
				mu.Lock()
				failed = failed || t.err != nil
				if t.err == nil {
					w.count(t.cell, resumed)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for _, t := range tasks {
		if t.err != nil {
			return fmt.Errorf("%s, with %s: %w", w.Scenarios[t.at.scenario].Name, t.e.setting, t.err)
		}
		t.e.cells[t.at] = t.cell
	}
	return nil
}

// one plays a task, or finds it in the journal.
func (w *search) one(ctx context.Context, t *task) (resumed bool) {
	world := w.worlds[t.at.scenario][t.at.change]
	run := fmt.Sprintf("%s/%s/%d", t.e.key, world.hash, t.at.seed)
	var known bool
	if t.cell, known, resumed = w.Journal.recall(run); known {
		return resumed
	}
	if t.cell, t.err = world.play(ctx, &w.runner, &w.objective, &t.e.setting, t.at.seed); t.err == nil {
		t.err = w.Journal.keep(run, t.cell)
	}
	return false
}

func (w *search) count(c cell, resumed bool) {
	p := &w.progress
	p.Done++
	p.Calls += c.Calls
	p.Events += c.Events
	if resumed {
		p.Resumed++
	}
	if w.Progress != nil {
		w.Progress(*p)
	}
}

// planned is how many runs there will be at most.
func (w *search) planned() int {
	single, all := 0, 0
	for _, worlds := range w.worlds {
		single++
		for _, world := range worlds {
			if world != nil {
				all++
			}
		}
	}
	n := len(w.entries)
	runs := 2 * len(ladder) * single
	for seeds := 1; seeds <= searchSeeds/2; seeds *= 2 {
		runs += n * max(1, seeds/2) * single
		n = quarter(n)
	}
	runs += rounds * w.brood() * searchSeeds / 2 * single
	runs += (finalists + 1) * (searchSeeds*all - searchSeeds/2*single)
	return runs + 2*w.unseen()*all
}
