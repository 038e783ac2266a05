package tune

import (
	"math"
	"slices"
)

// Effect is how much one knob matters by itself, among the candidates of the
// screen, which are spread evenly over the space.
type Effect struct {
	Knob  string  `json:"knob"`
	Range string  `json:"range"`
	Share float64 `json:"share"` // of the variance of the score, from 0 to 1, that goes with the knob: its correlation ratio, free of bias (Kelley's ε²)
	Worst float64 `json:"worst"` // mean score of the worst stretch of the range
	Best  float64 `json:"best"`  // mean score of the best
	From  string  `json:"from"`  // where the best is
	To    string  `json:"to"`
	Of    int     `json:"of"` // candidates for which the knob does something
}

// fewest is how many candidates a stretch must have on average to say something.
const fewest = 8

// effects of all knobs, the strongest first.
func (w *search) effects(screened []*entry) []Effect {
	var all []Effect
	for k := range w.Space.Knobs {
		var xs, ys []float64
		for _, e := range screened {
			if e.point != nil && w.Space.active(e.point, k) {
				xs, ys = append(xs, w.Space.Knobs[k].at(e.point[k])), append(ys, w.score(e, w.seeds(1), 1))
			}
		}
		if e, ok := effect(&w.Space.Knobs[k], xs, ys); ok {
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(a, b Effect) int {
		switch {
		case a.Share > b.Share:
			return -1
		case a.Share < b.Share:
			return 1
		}
		return 0
	})
	return all
}

// stretch is some neighbouring values of a knob.
type stretch struct {
	low, high float64
	n         int
	sum       float64
}

func (s *stretch) mean() float64 { return s.sum / float64(s.n) }

// effect cuts xs into stretches of as many candidates each, or one for each choice,
// and compares the variance between them with that within. It is false where there
// are too few to tell.
func effect(k *Knob, xs, ys []float64) (Effect, bool) {
	order := make([]int, len(xs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case xs[a] < xs[b]:
			return -1
		case xs[a] > xs[b]:
			return 1
		}
		return 0
	})
	size := max(fewest, len(xs)/8)
	if k.categorical() {
		size = 1
	}
	var parts []stretch
	for _, i := range order {
		last := len(parts) - 1
		if last < 0 || parts[last].n >= size && xs[i] != parts[last].high {
			parts = append(parts, stretch{low: xs[i]})
			last++
		}
		p := &parts[last]
		p.high, p.n, p.sum = xs[i], p.n+1, p.sum+ys[i]
	}
	n, groups := float64(len(xs)), float64(len(parts))
	if groups < 2 || n < 2*groups {
		return Effect{}, false
	}
	mean := 0.0
	for _, y := range ys {
		mean += y / n
	}
	total, between := 0.0, 0.0
	for _, y := range ys {
		total += (y - mean) * (y - mean)
	}
	e := Effect{Knob: k.Path, Range: k.Range(), Best: math.Inf(-1), Worst: math.Inf(1), Of: len(xs)}
	for i := range parts {
		p := &parts[i]
		m := p.mean()
		between += float64(p.n) * (m - mean) * (m - mean)
		e.Worst = min(e.Worst, m)
		if m > e.Best {
			e.Best, e.From, e.To = m, k.text(p.low), k.text(p.high)
		}
	}
	if total > 0 {
		within := (total - between) / (n - groups)
		e.Share = max(0, (between-(groups-1)*within)/total)
	}
	return e, true
}
