package tune

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
)

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
