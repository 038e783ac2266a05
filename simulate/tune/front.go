package tune

import (
	"cmp"
	"slices"
)

// Trade is a setting on the Pareto front: no other that was played has both a
// better metric and a lower p99, each in the scenario where it is worst beside the
// best fixed limit. All are compared on the first seed.
type Trade struct {
	Setting Setting   `json:"setting"`
	Values  []float64 `json:"values"` // the objective's metric, by scenario
	P99     []float64 `json:"p99"`    // of latency in seconds, by scenario
	Holds   bool      `json:"holds"`  // every bound

	value, p99 float64 // worst, beside the best fixed limit
}

// mostTrades is how many a reader has use for.
const mostTrades = 12

func (w *search) front() []Trade {
	all := make([]Trade, 0, len(w.entries))
	for _, e := range w.entries {
		all = append(all, w.trade(e))
	}
	slices.SortStableFunc(all, func(a, b Trade) int {
		return cmp.Or(cmp.Compare(a.p99, b.p99), cmp.Compare(b.value, a.value))
	})
	var front []Trade
	for _, t := range all {
		if t.p99 > 0 && (len(front) == 0 || t.value > front[len(front)-1].value) {
			front = append(front, t)
		}
	}
	n := len(front)
	if n <= mostTrades {
		return front
	}
	thin := make([]Trade, mostTrades) // both ends, and even steps between them
	for i := range thin {
		thin[i] = front[i*(n-1)/(mostTrades-1)]
	}
	return thin
}

func (w *search) trade(e *entry) Trade {
	t := Trade{Setting: e.setting, Holds: true}
	for s := range w.worlds {
		c, best := e.cells[spot{s, 0, w.seed()}], w.yard[s].cell
		value := over(c.Value, best.Value)
		if w.objective.least {
			value = over(best.Value, c.Value)
		}
		if s == 0 || value < t.value {
			t.value = value
		}
		t.p99 = max(t.p99, over(c.P99, best.P99))
		t.Holds = t.Holds && c.Near <= 1
		t.Values, t.P99 = append(t.Values, c.Value), append(t.P99, c.P99)
	}
	return t
}

// over is x/y, or x where there is nothing to compare with.
func over(x, y float64) float64 {
	if y > 0 {
		return x / y
	}
	return x
}
