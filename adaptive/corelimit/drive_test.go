package corelimit

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/platinummonkey/go-concurrency-limits/core"
	"github.com/stretchr/testify/require"
)

// sample is what a limit was told.
type sample struct {
	rtt      time.Duration
	inFlight int
	drop     bool
}

// spy is a limit that remembers what it was told.
type spy struct {
	limit   int
	samples []sample
}

func (s *spy) EstimatedLimit() int                       { return s.limit }
func (s *spy) NotifyOnChange(_ core.LimitChangeListener) {}
func (s *spy) OnSample(_ int64, rtt int64, inFlight int, drop bool) {
	s.samples = append(s.samples, sample{time.Duration(rtt), inFlight, drop})
}

// call is one to be made of a drive.
type call struct {
	at, takes time.Duration
	outcome   adaptive.Outcome
}

// drive runs calls through a Limiter under law in virtual time. A call that is
// not admitted is not made. ended hears of each that was, after the Limiter.
func drive(t *testing.T, c adaptive.Config, law adaptive.Law, calls []call, ended func(l *adaptive.Limiter, s sample)) *adaptive.Limiter {
	t.Helper()
	var now time.Duration
	l, err := adaptive.NewWith(c, adaptive.Parts{
		Law:   law,
		Clock: adaptive.Clock{Now: func() adaptive.Instant { return adaptive.Instant(now) }},
	})
	require.NoError(t, err)
	type running struct {
		call
		permit   adaptive.Permit
		inFlight int
	}
	var open []running
	end := func(until time.Duration) {
		slices.SortFunc(open, func(a, b running) int { return cmp.Compare(a.at+a.takes, b.at+b.takes) })
		for len(open) > 0 && open[0].at+open[0].takes <= until {
			r := open[0]
			open = open[1:]
			now = r.at + r.takes
			r.permit.Done(r.outcome)
			ended(l, sample{r.takes, r.inFlight, r.outcome != adaptive.Success})
		}
	}
	for _, k := range calls {
		end(k.at)
		now = k.at
		if p, ok := l.TryAcquire(); ok {
			open = append(open, running{k, p, len(open) + 1})
		}
	}
	end(1 << 62)
	return l
}

// midpoint is the middle of the bucket of d in an adaptive.Histogram, so that a
// test can tell both sides exactly the same.
func midpoint(d time.Duration) time.Duration {
	width := time.Duration(1)
	for d/width >= 32 {
		width *= 2
	}
	return d/width*width + width/2
}

// load is n random calls at ten a millisecond, one in a hundred of which time out.
func load(n int) []call {
	r := rand.New(rand.NewPCG(1, 2))
	calls := make([]call, n)
	var at time.Duration
	for i := range calls {
		at += time.Duration(r.ExpFloat64() * 1e5)
		calls[i] = call{at, midpoint(time.Duration((5 + r.ExpFloat64()*5) * 1e6)), adaptive.Success}
		if r.IntN(100) == 0 {
			calls[i].takes, calls[i].outcome = midpoint(time.Second/10), adaptive.TimedOut
		}
	}
	return calls
}

func ignore(*adaptive.Limiter, sample) {}
