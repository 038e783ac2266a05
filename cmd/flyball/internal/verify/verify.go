// Package verify measures whether a prediction holds: it calls a target at
// multiples of its knee, through the client that a limiter's configuration makes
// and through a plain one, and puts beside it what the target's twin says of the
// same calls through the same guard.
package verify

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/cmd/flyball/load"
	"github.com/flyball-go/flyball/simulate"
	"github.com/flyball-go/flyball/simulate/tune"
)

// Multiples of the knee that are measured.
func Multiples() []float64 { return []float64{0.8, 1, 1.3, 2} }

// A Check is what is to be verified.
type Check struct {
	Setting   tune.Setting
	Twin      *simulate.Scenario
	Knee      load.Knee
	Timeout   time.Duration // of a call, unless Setting has one
	Length    time.Duration // of a measurement; a third of it is for the guard to find its limit
	Tolerance float64
	GiveUp    int

	// Client makes a target that at most so many connections call, through g. A nil
	// g means a plain client.
	Client func(g adaptive.Guard, conns int) (t load.Target, closeAll func())
	Told   func(load.Cell)                  // told of each measurement; nil tells nobody
	Began  func(load.Cell, *load.Generator) // told that one begins, with its prediction; nil tells nobody
}

// Validate returns what is wrong with c before anything is called.
func (c *Check) Validate() error {
	if _, err := c.guard(); err != nil {
		return err
	}
	if most := 2 * c.Knee.Rate; most > load.MostRate {
		return fmt.Errorf("twice the knee is %.4g calls/s, more than the %d that are allowed", most, load.MostRate)
	}
	return nil
}

// Cells is how many measurements there are.
func (c *Check) Cells() int { return 2 * len(Multiples()) }

// Run measures, guarded first: what a plain client does to a target may outlast
// it. With an error it returns what was measured until then.
func (c *Check) Run(ctx context.Context) (*load.Verified, error) {
	if c.Setting.Timeout > 0 {
		c.Timeout = c.Setting.Timeout
	}
	v := &load.Verified{Setting: c.Setting.String(), Timeout: c.Timeout, Length: c.Length, Warm: c.Length / 3, Tolerance: c.Tolerance}
	for _, guarded := range []bool{true, false} {
		for _, times := range Multiples() {
			cell, err := c.cell(ctx, times, guarded, v.Warm)
			if err != nil {
				return v, fmt.Errorf("at %g × the knee: %w", times, err)
			}
			v.Cells = append(v.Cells, *cell)
			if c.Told != nil {
				c.Told(*cell)
			}
		}
	}
	return v, nil
}

// cell measures and predicts one rate.
func (c *Check) cell(ctx context.Context, times float64, guarded bool, warm time.Duration) (*load.Cell, error) {
	rate := times * c.Knee.Rate
	// So many can be in flight before the first of them time out: a plain client is
	// bound by nothing else.
	most := min(load.MostInFlight, int(math.Ceil(1.1*rate*c.Timeout.Seconds()))+16)
	cell := &load.Cell{Times: times, Guarded: guarded}
	var err error
	if cell.Predicted, err = c.predict(ctx, rate, warm, guarded, most); err != nil {
		return nil, err
	}
	// Twice, if it is not what was predicted: everybody pauses now and then.
	for try := range 2 {
		if cell.Measured, err = c.measure(ctx, cell, rate, warm, most); err != nil {
			return nil, err
		}
		if cell.Settled, err = c.settle(ctx); err != nil {
			return nil, err
		}
		cell.Again = try > 0
		if c.judge(cell); !cell.Judged || cell.Within {
			break
		}
	}
	return cell, nil
}

func (c *Check) measure(ctx context.Context, cell *load.Cell, rate float64, warm time.Duration, most int) (load.Step, error) {
	var g adaptive.Guard
	if cell.Guarded {
		var err error
		if g, err = c.guard(); err != nil {
			return load.Step{}, err
		}
	}
	target, closeAll := c.Client(g, most)
	defer closeAll()
	generator := load.Generator{Target: target, InFlight: most, Timeout: c.Timeout, GiveUp: c.GiveUp, Patient: true}
	if c.Began != nil {
		c.Began(*cell, &generator)
	}
	s, err := generator.Hold(ctx, rate, load.Span{Min: c.Length, Max: c.Length, Warm: warm})
	s.Service.Points = nil
	return s, err
}

// judge says whether the prediction holds, where it can be asked to. Not of a plain
// client beyond the knee: what a target does with calls whose callers have left, no
// load up to the knee has shown. And at the knee itself only in goodput: there
// latency goes as 1 / (1 − utilisation), and no capacity is known that well; whether
// a limit is felt yet is as open.
func (c *Check) judge(cell *load.Cell) {
	s, p := cell.Measured, cell.Predicted
	cell.Off, cell.Of = off(p.Goodput, s.Goodput), "goodput"
	if e := off(p.P99.Seconds(), s.Waited.P99.Seconds()); e > cell.Off && (p.P99-s.Waited.P99).Abs() > slack && cell.Times != 1 {
		cell.Off, cell.Of = e, "p99"
	}
	cell.Judged = cell.Guarded || cell.Times <= 1
	cell.Within = cell.Off <= c.Tolerance
}

// slack of p99 is what a busy machine adds to it.
const slack = 5 * time.Millisecond

func off(predicted, measured float64) float64 {
	if measured == 0 {
		return 1
	}
	return math.Abs(predicted/measured - 1)
}
