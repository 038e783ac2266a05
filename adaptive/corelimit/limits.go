package corelimit

import (
	"github.com/platinummonkey/go-concurrency-limits/core"
	"github.com/platinummonkey/go-concurrency-limits/limit"
)

// Defaults asked for by the value that stands for them.
const (
	byDefault   = -1
	unnamed     = ""
	longWindow  = 600 // samples, as NewDefaultGradient2Limit has it; the constructor's own default is 100
	aimdBackOff = 0.9 // as NewDefaultAIMDLimit
	aimdStep    = 1
)

// limit makes the limit of l. AIMD has no bounds of its own; it stops growing at
// highest because calls in flight do.
func (l Law) limit(initial, lowest, highest int) core.Limit {
	switch l {
	case Vegas, VegasWindowed:
		return limit.NewVegasLimitWithRegistry(unnamed, initial, nil, highest, byDefault,
			nil, nil, nil, nil, nil, byDefault, nil, nil)
	case Gradient, GradientWindowed:
		return limit.NewGradientLimitWithRegistry(unnamed, initial, lowest, highest, byDefault,
			nil, byDefault, 0, nil, nil)
	case Gradient2, Gradient2Windowed:
		// The only error is lowest above highest, which no Config has.
		g, _ := limit.NewGradient2Limit(unnamed, initial, highest, lowest, nil, byDefault, longWindow, nil, nil)
		return g
	}
	return limit.NewAIMDLimit(unnamed, initial, aimdBackOff, aimdStep, nil)
}
