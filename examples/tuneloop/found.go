package main

import (
	"fmt"
	"io"
	"math"
	"time"

	"github.com/flyball-go/flyball/simulate"
)

// found is what the loop knows in the end, of the results that the commands wrote.
type found struct {
	Knee struct {
		Rate    float64       `json:"rate"`
		Goodput float64       `json:"goodput"`
		P99     time.Duration `json:"p99"`
	} `json:"knee"`
	Verified struct {
		Setting string `json:"setting"`
		Cells   []cell `json:"cells"`
	} `json:"verified"`

	twin *simulate.Scenario
	held bool // the prediction
}

// cell is a measurement at a multiple of the knee.
type cell struct {
	Times    float64 `json:"times"`
	Guarded  bool    `json:"guarded"`
	Measured struct {
		Goodput float64 `json:"goodput"`
		Waited  struct {
			P99 time.Duration `json:"p99"`
		} `json:"waited"`
	} `json:"measured"`
}

// at is the cell of a multiple of the knee.
func (f *found) at(times float64, guarded bool) (c cell) {
	for _, c := range f.Verified.Cells {
		if c.Times == times && c.Guarded == guarded {
			return c
		}
	}
	return cell{}
}

// beside puts what was found beside the truth, and reports whether it is good.
func (f *found) beside(w io.Writer, s *server) (good bool) {
	service, capacity := s.truth()
	with, without := f.at(2, true).Measured, f.at(2, false).Measured
	good = true
	claim := func(holds bool, format string, args ...any) {
		mark := "ok  "
		if !holds {
			mark, good = "FAIL", false
		}
		fmt.Fprintf(w, "%s  %s\n", mark, fmt.Sprintf(format, args...))
	}
	off := f.Knee.Rate/capacity - 1
	claim(math.Abs(off) <= 0.15, "knee       found %.0f calls/s, the truth is %.0f: off by %+.1f %%", f.Knee.Rate, capacity, 100*off)
	d := f.twin.Downstream
	can := float64(d.Servers[0].Servers) / d.Service.Mean.Seconds()
	claim(math.Abs(can/capacity-1) <= 0.15, "twin       has %d servers of %v on average and %.0f calls/s, the truth is %d of %v on average", d.Servers[0].Servers, d.Service.Mean.Round(100*time.Microsecond), can, cap(s.workers), service.Round(100*time.Microsecond))
	claim(f.held, "prediction at 0.8, 1, 1.3 and 2 times the knee: within the tolerance")
	kept, slower := with.Goodput/f.Knee.Goodput, float64(with.Waited.P99)/float64(f.Knee.P99)
	claim(kept >= 0.9, "goodput    at 2 × the knee with %s: %.0f %% of the knee's; a plain client's: %.0f %%", f.Verified.Setting, 100*kept, 100*without.Goodput/f.Knee.Goodput)
	claim(slower <= 2 && with.Waited.P99 > 0, "p99        there: %v, %.2g times the knee's; a plain client's: %v", with.Waited.P99.Round(time.Millisecond), slower, without.Waited.P99.Round(time.Millisecond))
	return good
}
