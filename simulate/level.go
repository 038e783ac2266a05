package simulate

import (
	"math"

	"github.com/flyball-go/flyball/internal/hist"
)

// resolution is buckets per octave, as a power of two: what is read back is
// within 0.4 % of what went in.
const resolution = 7

const (
	levelMax   = 1 << 24 // higher values count as this in the mode
	latencyMax = 1 << 53 // 104 days
)

// level measures a whole number that moves, weighted with how long each value
// holds.
type level struct {
	value    int64
	since    int64 // when value was set
	min, max int64
	sum, bin float64 // ∫ value dt of the run, and of the bin that is filling
	held     []int64 // how long, by bucket
}

func newLevel() level {
	return level{min: math.MaxInt64, held: make([]int64, hist.Len(levelMax, resolution))}
}

// add moves the value at the instant now.
func (l *level) add(now, by int64) {
	l.settle(now)
	l.value += by
}

// settle accounts for the time up to now. A value that held for no time is not
// counted.
func (l *level) settle(now int64) {
	dt := now - l.since
	if dt == 0 {
		return
	}
	area := float64(l.value) * float64(dt)
	l.sum += area
	l.bin += area
	l.min, l.max = min(l.min, l.value), max(l.max, l.value)
	l.held[hist.Index(uint64(min(max(0, l.value), levelMax)), resolution)] += dt
	l.since = now
}

// closeBin returns the integral of a bin.
func (l *level) closeBin(now int64) float64 {
	l.settle(now)
	area := l.bin
	l.bin = 0
	return area
}

// result sums up the run that ended now.
func (l *level) result(now int64) Level {
	l.settle(now)
	if now == 0 {
		return Level{}
	}
	return Level{Min: float64(l.min), Max: float64(l.max), Mean: l.sum / float64(now), Mode: l.mode()}
}

// mode is the value that held longest; 256 and more to a half of a percent.
func (l *level) mode() float64 {
	best := 0
	for i, t := range l.held {
		if t > l.held[best] {
			best = i
		}
	}
	low, high := hist.Bounds(best, resolution)
	return float64(low+high-1) / 2
}
