package main

import (
	"fmt"
	"math"
	"time"
)

// found is what the commands found of a server, beside its truth.
type found struct {
	Knee struct {
		Rate    float64       `json:"rate"`
		Goodput float64       `json:"goodput"`
		P99     time.Duration `json:"p99"`
	} `json:"knee"`
	Twin     twin `json:"-"`
	Verified struct {
		Setting string `json:"setting"`
		Cells   []cell `json:"cells"`
	} `json:"verified"`

	truth float64 // calls a second
}

// twin is what flyball fit says of one.
type twin struct {
	Judged []judged `json:"judged"`
}

// judged is a rate that the twin was not made of.
type judged struct {
	Rate      float64 `json:"rate"`
	Below     bool    `json:"below"` // and so counts: see twinRow
	Measured  latency `json:"measured"`
	Predicted latency `json:"predicted"`
}

type latency struct {
	P99 time.Duration `json:"p99"`
}

// cell is a measurement at a multiple of the knee.
type cell struct {
	Times    float64 `json:"times"`
	Guarded  bool    `json:"guarded"`
	Measured struct {
		Goodput float64 `json:"goodput"`
		Sent    float64 `json:"sent"`
		OK      float64 `json:"ok"`
		Waited  latency `json:"waited"`
	} `json:"measured"`
}

// row is a line of the table: a claim, and whether it holds.
type row struct {
	server, claim, truth, found, wanted string
	met                                 bool
}

// rows are those of a server.
func (f *found) rows(k *kind) []row {
	with, without := f.at(2, true), f.at(2, false)
	kept, left := with.Measured.Goodput/f.Knee.Goodput, without.Measured.Goodput/f.Knee.Goodput
	slower := float64(with.Measured.Waited.P99) / float64(f.Knee.P99)
	off := f.Knee.Rate/f.truth - 1
	knee := fmt.Sprintf("%.0f/s at the knee", f.Knee.Goodput)
	return []row{
		{k.what, "knee", fmt.Sprintf("%.1f/s", f.truth), fmt.Sprintf("%.1f/s, %+.1f %%", f.Knee.Rate, 100*off), "± 15 %", math.Abs(off) <= 0.15},
		f.twinRow(k),
		{k.what, "goodput at 2 ×, tuned", knee, fmt.Sprintf("%.0f/s, %.0f %%; %.0f %% of calls sent failed", with.Measured.Goodput, 100*kept, with.failed()), "≥ 90 %", kept >= 0.9},
		{k.what, "p99 at 2 ×, tuned", short(f.Knee.P99) + " at the knee", fmt.Sprintf("%s, %.2f ×", short(with.Measured.Waited.P99), slower), fmt.Sprintf("≤ %d ×", bearable), slower <= bearable && with.Measured.Waited.P99 > 0},
		{k.what, "goodput at 2 ×, plain", knee + ", patience " + short(f.patience()), fmt.Sprintf("%.0f/s, %.0f %%; %.0f %% of calls failed, p99 %s", without.Measured.Goodput, 100*left, without.failed(), short(without.Measured.Waited.P99)), "collapses: < 50 %", left < 0.5 && without.Measured.Sent > 0},
	}
}

// patience is how long callers wait, to the millisecond.
func (f *found) patience() time.Duration { return (patient * f.Knee.P99).Round(time.Millisecond) }

// twinRow is of the held-out rate at which the twin's p99 is off the most. From 90 %
// of capacity on a few percent of it are any amount of waiting, and fit judges none.
func (f *found) twinRow(k *kind) row {
	r := row{k.what, "", "–", "nothing was held out", "± 20 %", false}
	worst, n := -1.0, 0
	for _, j := range f.Twin.Judged {
		if !j.Below {
			continue
		}
		n++
		off := float64(j.Predicted.P99)/float64(j.Measured.P99) - 1
		if math.Abs(off) > worst {
			worst = math.Abs(off)
			r.truth = fmt.Sprintf("%s at %.0f/s", short(j.Measured.P99), j.Rate)
			r.found = fmt.Sprintf("%s, %+.1f %%", short(j.Predicted.P99), 100*off)
		}
	}
	r.claim = fmt.Sprintf("twin's p99, worst of %d held out", n)
	r.met = n > 0 && worst <= 0.2
	return r
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

// failed is the percentage of the calls sent.
func (c cell) failed() float64 { return 100 * (1 - c.Measured.OK/max(1, c.Measured.Sent)) }

func short(d time.Duration) string {
	if d >= time.Second {
		return fmt.Sprintf("%.3g s", d.Seconds())
	}
	return fmt.Sprintf("%.3g ms", float64(d)/float64(time.Millisecond))
}
