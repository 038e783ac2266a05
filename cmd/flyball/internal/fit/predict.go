package fit

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/cmd/flyball/internal/load"
	"github.com/flyball-go/flyball/simulate"
)

// Tolerance is the error beyond which a twin is not to be believed.
const Tolerance = 0.15

// A Judgement is what the twin says of a rate it was not made of, beside what was
// measured there.
type Judgement struct {
	Rate                float64
	Below               bool // the target kept up, and the rate is well below what it can do
	Measured, Predicted Seen
}

// Seen is what comes of a rate.
type Seen struct {
	Goodput  float64 // calls a second
	P50, P99 time.Duration
}

// well is the share of capacity below which latency can be predicted. Waiting goes
// as 1 / (1 − utilisation): from there on, the few percent to which a capacity is
// known are more than Tolerance in latency.
const well = 0.9

// Error is the largest of the errors of goodput, p50 and p99, as a share of what
// was measured, and which it is. Unless Below, goodput alone is judged.
func (j *Judgement) Error() (worst float64, of string) {
	worst, of = off(j.Predicted.Goodput, j.Measured.Goodput), "goodput"
	if !j.Below {
		return worst, of
	}
	for _, c := range []struct {
		name                string
		predicted, measured time.Duration
	}{{"p50", j.Predicted.P50, j.Measured.P50}, {"p99", j.Predicted.P99, j.Measured.P99}} {
		if e := off(float64(c.predicted), float64(c.measured)); e > worst {
			worst, of = e, c.name
		}
	}
	return worst, of
}

func off(predicted, measured float64) float64 {
	if measured == 0 {
		return math.Inf(1)
	}
	return math.Abs(predicted/measured - 1)
}

// Worst is the judgement with the largest error; nil if there is none.
func (t *Twin) Worst() (worst *Judgement) {
	most := -1.0
	for i := range t.Judged {
		if e, _ := t.Judged[i].Error(); e > most {
			worst, most = &t.Judged[i], e
		}
	}
	return worst
}

// Scenario is the twin under a load of 1.2 times what it can do.
func (t *Twin) Scenario() *simulate.Scenario {
	sc := &simulate.Scenario{
		Name: "twin", Duration: time.Minute, Timeout: t.Timeout, Downstream: t.Downstream,
		Load: []simulate.Phase{{Arrivals: simulate.Poisson, Rate: simulate.Rate{Value: 1.2, OfCapacity: true}}},
	}
	if t.Errors > 0 {
		sc.Faults = []simulate.Fault{{Kind: simulate.Errors, Value: t.Errors}}
	}
	return sc
}

// predict loads the twin as the target was loaded. Of several steps at one rate
// the means count.
func (t *Twin) predict(ctx context.Context, at []load.Step, inFlight int) (Judgement, error) {
	j := Judgement{Rate: at[0].Rate, Below: passed(at) && at[0].Rate <= well*t.capacity}
	for _, s := range at {
		p, err := t.play(ctx, s.Rate, s.For, inFlight)
		if err != nil {
			return j, err
		}
		j.Predicted.add(p, len(at))
		j.Measured.add(Seen{s.Goodput, s.Response.P50, s.Response.P99}, len(at))
	}
	return j, nil
}

func (s *Seen) add(o Seen, of int) {
	s.Goodput += o.Goodput / float64(of)
	s.P50 += o.P50 / time.Duration(of)
	s.P99 += o.P99 / time.Duration(of)
}

// play makes calls as load.Generator does: evenly spaced, not beyond so many in
// flight, each up to its time-out, and counts them as it does.
func (t *Twin) play(ctx context.Context, rate float64, length time.Duration, most int) (Seen, error) {
	live, err := simulate.NewLive(t.Scenario())
	if err != nil {
		return Seen{}, err
	}
	type pending struct {
		sent simulate.Sent
		due  adaptive.Instant
	}
	var waiting []pending // in the order of due
	var took []time.Duration
	var now adaptive.Instant
	inFlight, ends := 0, 0
	until := func(to adaptive.Instant) {
		for {
			next, any := live.Next()
			late := len(waiting) > 0 && (!any || waiting[0].due <= next)
			if late {
				next, any = waiting[0].due, true
			}
			if !any || next > to {
				return
			}
			now = next
			if !late {
				live.Advance(next)
				continue
			}
			if live.Leave(next, waiting[0].sent, adaptive.TimedOut) {
				inFlight--
			}
			waiting = waiting[1:]
		}
	}
	calls := int(math.Ceil(rate * length.Seconds()))
	for i := range calls {
		if i%1000 == 0 && ctx.Err() != nil {
			return Seen{}, context.Cause(ctx)
		}
		at := adaptive.Instant(float64(i) / rate * float64(time.Second))
		until(at)
		now = at
		if inFlight >= most {
			continue
		}
		inFlight++
		sent := live.Send(at, uint64(i), 0, func(r adaptive.Result) {
			inFlight--
			if r.Outcome != adaptive.Success {
				return
			}
			took = append(took, now.Sub(at))
			if d := now.Sub(0); d >= length/5 && d < length {
				ends++
			}
		})
		waiting = append(waiting, pending{sent, at.Add(t.Timeout)})
	}
	until(now.Add(t.Timeout))
	slices.Sort(took)
	s := Seen{Goodput: float64(ends) / (length - length/5).Seconds()}
	if n := len(took); n > 0 {
		s.P50, s.P99 = took[n/2], took[min(n*99/100, n-1)]
	}
	return s, nil
}
