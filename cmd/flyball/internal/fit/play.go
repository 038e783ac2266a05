package fit

import (
	"context"
	"slices"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/cmd/flyball/load"
	"github.com/flyball-go/flyball/simulate"
)

// An answer is what became of a call.
type answer struct {
	at, took time.Duration
	outcome  adaptive.Outcome // Ignored if it was not sent
}

// play makes calls at instants as load.Generator does: not beyond so many in
// flight, each up to its time-out. The draws of a call are those of its number,
// which counts from first.
func play(ctx context.Context, sc *simulate.Scenario, begin []time.Duration, most int, first uint64) ([]answer, error) {
	live, err := simulate.NewLive(sc)
	if err != nil {
		return nil, err
	}
	type pending struct {
		sent simulate.Sent
		call int
	}
	var waiting []pending // in the order in which they time out
	answers := make([]answer, len(begin))
	var now adaptive.Instant
	inFlight := 0
	until := func(to adaptive.Instant) {
		for {
			next, any := live.Next()
			late := false
			if len(waiting) > 0 {
				if due := adaptive.Instant(answers[waiting[0].call].at + sc.Timeout); !any || due <= next {
					next, any, late = due, true, true
				}
			}
			if !any || next > to {
				return
			}
			now = next
			if !late {
				live.Advance(next)
				continue
			}
			if w := waiting[0]; live.Leave(next, w.sent, adaptive.TimedOut) {
				inFlight--
				answers[w.call].took, answers[w.call].outcome = sc.Timeout, adaptive.TimedOut
			}
			waiting = waiting[1:]
		}
	}
	for i, at := range begin {
		if i%1000 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		now = adaptive.Instant(at)
		until(now)
		now = adaptive.Instant(at)
		a := &answers[i]
		a.at, a.outcome = at, adaptive.Ignored
		if inFlight >= most {
			continue
		}
		inFlight++
		sent := live.Send(now, first+uint64(i), 0, func(r adaptive.Result) {
			inFlight--
			a.took, a.outcome = time.Duration(now)-at, r.Outcome
		})
		waiting = append(waiting, pending{sent, i})
	}
	until(now.Add(sc.Timeout))
	return answers, nil
}

// Seen is what comes of a rate.
type Seen struct {
	Goodput float64       `json:"goodput"` // calls a second
	P50     time.Duration `json:"p50"`
	P99     time.Duration `json:"p99"`
}

// measured is what a load test has of a step. Latency counts from when a call
// began: calls of an open loop that began late were late because of the generator,
// and have nothing to do with the target.
func measured(s *load.Step) Seen { return Seen{s.Goodput, s.Service.P50, s.Service.P99} }

// seen sums up the answers of a step, as load does.
func seen(answers []answer, length time.Duration) Seen {
	var took []time.Duration
	ends := 0
	for _, a := range answers {
		if a.outcome != adaptive.Success {
			continue
		}
		took = append(took, a.took)
		if end := a.at + a.took; end >= length/5 && end < length {
			ends++
		}
	}
	s := quantilesOf(took)
	s.Goodput = float64(ends) / (length - length/5).Seconds()
	return s
}

// quantilesOf sorts took.
func quantilesOf(took []time.Duration) (s Seen) {
	slices.Sort(took)
	if n := len(took); n > 0 {
		s.P50, s.P99 = took[n/2], took[min(n*99/100, n-1)]
	}
	return s
}
