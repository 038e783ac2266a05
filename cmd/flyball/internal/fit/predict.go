package fit

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/flyball-go/flyball/cmd/flyball/load"
	"github.com/flyball-go/flyball/simulate"
)

// A Prediction is the medians of several plays of a step. Plays differ by chance
// alone, and nineteen of twenty are between Low and High: so may a measurement be
// of a target that is as the twin.
type Prediction struct {
	Seen
	Low  Seen `json:"low"`
	High Seen `json:"high"`
}

// An effort is how many calls a step is played with: so many, but at least and at
// most so many plays.
type effort struct{ calls, fewest, most int }

var (
	careful  = effort{30_000, 39, 41} // of fewer plays the band would not hold nineteen of twenty
	quick    = effort{6_000, 3, 9}
	quickest = effort{0, 1, 1}
)

// predict plays a step again and again, from an idle downstream each time.
func predict(ctx context.Context, sc *simulate.Scenario, s *load.Step, inFlight int, with effort) (Prediction, error) {
	begin := make([]time.Duration, int(math.Ceil(s.Rate*s.For.Seconds())))
	for i := range begin {
		begin[i] = time.Duration(float64(i) / s.Rate * float64(time.Second))
	}
	plays := min(max(with.calls/max(1, len(begin)), with.fewest), with.most)
	var goodput []float64
	var p50, p99 []time.Duration
	for k := range plays {
		answers, err := play(ctx, sc, begin, inFlight, uint64(k*len(begin)))
		if err != nil {
			return Prediction{}, err
		}
		one := seen(answers, s.For)
		goodput, p50, p99 = append(goodput, one.Goodput), append(p50, one.P50), append(p99, one.P99)
	}
	return medians(goodput, p50, p99), nil
}

// medians are those of several plays, and the band around them. It sorts.
func medians(goodput []float64, p50, p99 []time.Duration) Prediction {
	slices.Sort(goodput)
	slices.Sort(p50)
	slices.Sort(p99)
	plays := len(goodput)
	at := func(i int) Seen { return Seen{goodput[i], p50[i], p99[i]} }
	tail := int(0.025 * float64(plays))
	return Prediction{at(plays / 2), at(tail), at(plays - 1 - tail)}
}
