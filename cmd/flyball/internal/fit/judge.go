package fit

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/flyball-go/flyball/cmd/flyball/load"
)

// Tolerance is the error beyond which a twin is not to be believed.
const Tolerance = 0.15

// A Judgement is what the twin says of a rate, or a stretch of a trace, that it was
// not made of, beside what was measured there.
type Judgement struct {
	Where     string     `json:"where"`
	Rate      float64    `json:"rate"`
	Calls     int        `json:"calls"` // that ended well
	Below     bool       `json:"below"` // the target kept up, and the rate is well below what it can do
	Measured  Seen       `json:"measured"`
	Predicted Prediction `json:"predicted"`
}

// well is the share of capacity below which latency can be predicted. Waiting goes
// as 1 / (1 − utilisation): from there on, the few percent to which a capacity is
// known are more than Tolerance in latency.
const well = 0.9

// An Error is how far a prediction is off.
type Error struct {
	Of                  string
	Predicted, Measured float64
	Off                 float64 // as a share of what was measured
	Chance              bool    // a target that is as the twin is off as much in one of twenty measurements
}

// Errors are those of goodput, p50 and p99. Unless Below, goodput alone counts.
func (j *Judgement) Errors() []Error {
	p := &j.Predicted
	e := []Error{wrong("goodput", p.Goodput, j.Measured.Goodput, p.Low.Goodput, p.High.Goodput)}
	if j.Below {
		e = append(e,
			wrong("p50", float64(p.P50), float64(j.Measured.P50), float64(p.Low.P50), float64(p.High.P50)),
			wrong("p99", float64(p.P99), float64(j.Measured.P99), float64(p.Low.P99), float64(p.High.P99)))
	}
	return e
}

func wrong(of string, predicted, measured, low, high float64) Error {
	e := Error{Of: of, Predicted: predicted, Measured: measured, Off: math.Inf(1), Chance: measured >= low && measured <= high}
	if measured > 0 {
		e.Off = math.Abs(predicted/measured - 1)
	}
	return e
}

// Error is the largest error; one that chance explains only if all are.
func (j *Judgement) Error() (worst Error) {
	for i, e := range j.Errors() {
		if i == 0 || worst.Chance && !e.Chance || worst.Chance == e.Chance && e.Off > worst.Off {
			worst = e
		}
	}
	return worst
}

// Worst is the judgement with the largest error, see Judgement.Error; nil if there
// is none.
func (t *Twin) Worst() (worst *Judgement) {
	for i := range t.Judged {
		j := &t.Judged[i]
		if worst == nil {
			worst = j
			continue
		}
		if e, w := j.Error(), worst.Error(); w.Chance && !e.Chance || w.Chance == e.Chance && e.Off > w.Off {
			worst = j
		}
	}
	return worst
}

// Half is half of the band of the p99, as a share of it.
func (j *Judgement) Half() float64 {
	p := &j.Predicted
	return float64(p.High.P99-p.Low.P99) / 2 / float64(max(1, p.P99))
}

// judge loads the twin as the target was loaded. Of several steps at one rate the
// means count.
func (t *Twin) judge(ctx context.Context, at []load.Step, inFlight int, with effort) (Judgement, error) {
	j := Judgement{Where: fmt.Sprintf("%.4g calls/s", at[0].Rate), Rate: at[0].Rate, Below: t.below(at)}
	n := len(at)
	for i := range at {
		p, err := predict(ctx, t.Scenario(), &at[i], inFlight, with)
		if err != nil {
			return j, err
		}
		j.Calls += int(at[i].OK)
		j.Measured.add(measured(&at[i]), n)
		j.Predicted.Seen.add(p.Seen, n)
		j.Predicted.Low.add(p.Low, n)
		j.Predicted.High.add(p.High, n)
	}
	return j, nil
}

func (t *Twin) below(at []load.Step) bool { return passed(at) && at[0].Rate <= well*t.Capacity }

func (s *Seen) add(o Seen, of int) {
	s.Goodput += o.Goodput / float64(of)
	s.P50 += o.P50 / time.Duration(of)
	s.P99 += o.P99 / time.Duration(of)
}
