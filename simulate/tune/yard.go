package tune

import (
	"context"
	"fmt"
)

// ladder are the fixed limits of one client that a scenario's best is found
// among.
var ladder = [...]int{1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256, 362, 512, 724, 1024, 2048, 4096}

// yard is the best fixed limit of a scenario, and its run.
type yard struct {
	limit int // 0 if none is worth anything
	cell  cell
}

// measureYard finds the best fixed limit of each scenario, without a queue or with
// the one in force, on the first seed. What
// it is worth is 1 in every score, so that scenarios of any size can be compared.
func (w *search) measureYard(ctx context.Context) error {
	var rungs []*entry
	var limits []int
	for _, n := range ladder {
		for _, queue := range []int{-1, w.InForce.Limiter.Queue} {
			s := w.InForce.clone()
			s.Breaker = nil
			s.Limiter.Law = fmt.Sprintf("fixed:%d", n)
			s.Limiter.Min, s.Limiter.Initial, s.Limiter.Max = 1, n, max(n, s.Limiter.Max)
			s.Limiter.Queue = queue
			rungs = append(rungs, &entry{setting: s, key: s.key(), cells: map[spot]cell{}})
			limits = append(limits, n)
		}
	}
	if err := w.play(ctx, "fixed limits", rungs, w.seeds(1), 1); err != nil {
		return err
	}
	for s := range w.worlds {
		var best yard
		for i, e := range rungs {
			if c := e.cells[spot{s, 0, w.seed()}]; c.Worth > best.cell.Worth {
				best = yard{limits[i], c}
			}
		}
		w.yard = append(w.yard, best)
	}
	return nil
}
