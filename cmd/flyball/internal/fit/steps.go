package fit

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/flyball-go/flyball/cmd/flyball/load"
)

// heldOut is one rate of so many.
const heldOut = 3

// byRate leaves out what says nothing of the target, and puts steps of one rate
// together, by rising rate.
func byRate(steps []load.Step) [][]load.Step {
	var usable []load.Step
	for _, s := range steps {
		if !s.Cut && s.Why != load.GeneratorAtLimit && s.OK > 0 && len(s.Service.Points) > 0 && s.Rate > 0 && s.For > 0 {
			usable = append(usable, s)
		}
	}
	slices.SortStableFunc(usable, func(a, b load.Step) int { return cmp.Compare(a.Rate, b.Rate) })
	var rates [][]load.Step
	for _, s := range usable {
		if n := len(rates); n > 0 && rates[n-1][0].Rate == s.Rate {
			rates[n-1] = append(rates[n-1], s)
			continue
		}
		rates = append(rates, []load.Step{s})
	}
	return rates
}

// split holds out every third rate, but not the lowest two, not the only one that
// was too much, and not the highest, which shows best what becomes of too many.
func split(rates [][]load.Step) (train, judge [][]load.Step) {
	tooMuch := 0
	for _, at := range rates {
		if !passed(at) {
			tooMuch++
		}
	}
	for i, at := range rates {
		if i%heldOut == heldOut-1 && i < len(rates)-1 && (passed(at) || tooMuch > 1) {
			judge = append(judge, at)
			if !passed(at) {
				tooMuch--
			}
			continue
		}
		train = append(train, at)
	}
	return train, judge
}

// passed reports whether the target kept up with the rate each time.
func passed(at []load.Step) bool {
	return !slices.ContainsFunc(at, func(s load.Step) bool { return !s.Passed })
}

// capacityOf is what came back of more than the target could do; 0 if it was never
// given that much. A target that does less when it is given too much can do what it
// kept up with.
func capacityOf(train [][]load.Step) float64 {
	var most, kept, sum, over float64
	var beyond []load.Step
	for _, at := range train {
		if !passed(at) {
			beyond = append(beyond, at...)
			continue
		}
		for _, s := range at {
			kept = max(kept, s.Goodput)
		}
	}
	for _, s := range beyond {
		most = max(most, s.Goodput)
	}
	// Just above capacity servers idle now and then, well above they never do.
	for _, s := range beyond {
		if s.Rate > 1.05*most {
			sum, over = sum+s.Goodput*s.For.Seconds(), over+s.For.Seconds()
		}
	}
	if over > 0 {
		most = sum / over
	}
	if most > 0 && kept > 1.05*most {
		return kept
	}
	return most
}

// calmOf are the steps at half the capacity or less, where calls do not wait.
func calmOf(train [][]load.Step, capacity float64) (calm []load.Step) {
	for _, at := range train {
		for _, s := range at {
			if s.Passed && s.Rate <= capacity/2 {
				calm = append(calm, s)
			}
		}
	}
	return calm
}

// spreadOf is the standard error of the logarithms of goodput, p50 and p99 of steps at
// one rate, as far as they are from so many calls: the rank of a quantile is
// binomial, and so about normal.
func spreadOf(at []load.Step) (spread [3]float64) {
	var ok float64
	var all []time.Duration
	for _, s := range at {
		ok += float64(s.OK)
		all = append(all, s.Service.Points...)
	}
	slices.Sort(all)
	value := func(q float64) float64 {
		return math.Log(float64(max(1, all[int(min(max(q, 0), 1)*float64(len(all)-1))])))
	}
	spread[0] = 1 / math.Sqrt(ok)
	for i, q := range []float64{0.5, 0.99} {
		reach := math.Sqrt(q * (1 - q) / ok)
		spread[i+1] = (value(q+reach) - value(q-reach)) / 2
	}
	return spread
}
