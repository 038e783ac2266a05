package fit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/cmd/flyball/load"
	"github.com/flyball-go/flyball/simulate"
	"github.com/flyball-go/flyball/simulate/trace"
)

// What a fit of a trace needs.
const (
	stretches    = 10   // into which it is cut; every third is held out
	fewestTraced = 1000 // calls that ended well
	fewestWaited = 50   // of them, that waited for others
)

// OfTrace makes the twin of a recorded trace of an open loop, with arrivals and
// latencies. The error says what to record if it has too little.
//
// A call that waits begins to be served when the first of those before it leaves and
// frees a server, and that is in the trace. So for any number of servers the time that
// each call was served is known, less what it waited. The number is right with which
// calls that waited were served as long as those that did not: the one with the least
// Kolmogorov and Smirnov distance of the two.
func OfTrace(ctx context.Context, tr *trace.Trace, service simulate.DistributionKind) (*Twin, error) {
	switch {
	case tr.Records == nil:
		return nil, fmt.Errorf("is a %s trace, which has no arrivals; record when calls came and how long they took, or measure with flyball loadtest", tr.Format)
	case tr.Latencies().Count() == 0:
		return nil, fmt.Errorf("is a %s trace without latencies of calls that ended well, so how long calls take is not known; record them, or measure with flyball loadtest. To replay its arrivals, flyball simulate has --arrivals", tr.Format)
	}
	if how := closed(tr); how != "" {
		return nil, fmt.Errorf("is a %s trace of a closed loop: %s. Callers that wait for answers hide how long others would have waited; a fit would lie. Record calls that come whatever becomes of others, such as traffic of many users, or measure with flyball loadtest", tr.Format, how)
	}
	if tr.Resolution >= time.Second {
		return nil, errors.New("has stamps to the second only, so who waited for whom is not known; record milliseconds, or measure with flyball loadtest")
	}
	h := historyOf(tr)
	if n := len(h.calls); n < fewestTraced {
		return nil, fmt.Errorf("is too short to fit: has %d calls that ended well, %d less than the %d that it takes; record for longer", n, fewestTraced-n, fewestTraced)
	}
	servers, err := h.servers()
	if err != nil {
		return nil, err
	}
	own := timesFrom(h.served(servers, func(i int) bool { return !h.heldOut(i) }))
	t := &Twin{Traced: true, Model: Servers, Services: own.families(), MadeOf: fmt.Sprintf("stretches 1 2 4 5 7 8 10 of 10, with %.0f calls that ended well", own.n)}
	t.Capacity = float64(servers) / own.mean() * float64(time.Second)
	t.Timeout = (2 * tr.Latencies().Quantile(1)).Round(time.Millisecond)
	t.Downstream = simulate.Downstream{Servers: []simulate.Step{{Servers: servers}}, Service: pick(t.Services, service), Queue: -1}
	h.fail(t, servers)
	t.Scaling, t.Law = scalingOf(h.asSteps())
	m := Model{Name: Servers, Chosen: true, QAICc: math.NaN(), Downstream: t.Downstream}
	if err := h.judge(ctx, t, &m); err != nil {
		return nil, err
	}
	t.Models = []Model{m}
	return t, nil
}

// A history is the calls of a trace, in the order in which they came.
type history struct {
	*trace.Trace
	calls []trace.Record // that ended well
	ends  []int64        // of them, in order
	begin []int64        // of each stretch, and the end
}

func historyOf(t *trace.Trace) *history {
	h := &history{Trace: t}
	for _, r := range t.Records {
		if !r.Failed {
			h.calls = append(h.calls, r)
			h.ends = append(h.ends, r.At+int64(r.Latency))
		}
	}
	slices.Sort(h.ends)
	for i := range stretches {
		h.begin = append(h.begin, t.Records[i*len(t.Records)/stretches].At)
	}
	h.begin = append(h.begin, t.Records[len(t.Records)-1].At+1)
	return h
}

// stretch is the one that an instant is in.
func (h *history) stretch(at int64) int {
	i, found := slices.BinarySearch(h.begin, at)
	if !found {
		i--
	}
	return min(i, stretches-1)
}

func (h *history) heldOut(i int) bool { return h.stretch(h.calls[i].At)%heldOut == heldOut-1 }

// start is when call i begins to be served by one of so many servers: when all but
// one less than those before it have left.
func (h *history) start(i, servers int) (at int64, waited bool) {
	if k := i - servers; k >= 0 && h.ends[k] > h.calls[i].At {
		return h.ends[k], true
	}
	return h.calls[i].At, false
}

// served is how long calls were served, in nanoseconds.
func (h *history) served(servers int, which func(i int) bool) (out []float64) {
	for i, c := range h.calls {
		if which(i) {
			at, _ := h.start(i, servers)
			out = append(out, float64(max(1, c.At+int64(c.Latency)-at)))
		}
	}
	return out
}

// searched is how many calls the number of servers is found by.
const searched = 100_000

// servers is the number with which calls that waited were served as those that did
// not.
func (h *history) servers() (int, error) {
	some := *h
	some.calls = h.calls[:min(len(h.calls), searched)]
	most := some.mostInFlight()
	// Times that are equal but for the rounding of stamps are to be alike.
	blur := rand.New(rand.NewPCG(1, 1))
	blurred := func(d int64) float64 {
		return float64(d) + (blur.Float64()-0.5)*max(blurring*float64(d), 4*float64(h.Resolution))
	}
	best, least := 0, math.Inf(1)
	for n := 1; n < most; n = max(n+1, n*26/25) {
		var direct, after []float64
		for i, c := range some.calls {
			if h.heldOut(i) {
				continue
			}
			at, late := h.start(i, n)
			if d := blurred(c.At + int64(c.Latency) - at); late {
				after = append(after, d)
			} else {
				direct = append(direct, d)
			}
		}
		if len(after) < fewestWaited || len(direct) < fewestWaited {
			continue
		}
		slices.Sort(direct)
		slices.Sort(after)
		ks := stat.KolmogorovSmirnov(direct, nil, after, nil)
		if ks < least {
			best, least = n, ks
		}
	}
	if least > alike {
		return 0, fmt.Errorf("shows no number of servers with which calls that waited are served as long as those that did not (there were up to %d in flight): none ever waited, so what the target can do is not known, or it is no such queue; record a busier time, or measure with flyball loadtest", most)
	}
	return best, nil
}

// blurring is how far apart equal times are set, as a share.
const blurring = 0.04

// alike is the distance up to which two samples of service times count as one.
const alike = 0.2

func (h *history) mostInFlight() (most int) {
	done := 0
	for i, c := range h.calls {
		for done < len(h.ends) && h.ends[done] <= c.At {
			done++
		}
		most = max(most, i+1-done)
	}
	return most
}

// fail sets what becomes of calls that failed: with so many in flight that a queue
// would have been full they were turned away, else it is chance.
func (h *history) fail(t *Twin, servers int) {
	if h.Failed == 0 {
		return
	}
	var there []int // calls in flight when one adaptive.Failure
	in := make([]int, 0, len(h.Records))
	done, came := 0, 0
	for _, r := range h.Records {
		for done < len(h.ends) && h.ends[done] <= r.At {
			done++
		}
		if in = append(in, came-done); r.Failed {
			there = append(there, came-done)
		} else {
			came++
		}
	}
	slices.Sort(there)
	bound := there[len(there)/20]
	var calls, failures [2]float64 // with fewer in flight, and with as many
	for i, r := range h.Records {
		k := 0
		if in[i] >= bound {
			k = 1
		}
		if calls[k]++; r.Failed {
			failures[k]++
		}
	}
	f := Failure{Kind: "failures", Share: float64(h.Failed) / float64(len(h.Records))}
	if bound >= servers && failures[0]/max(1, calls[0]) < failures[1]/calls[1]/20 {
		f.Sheds, t.Sheds = true, bound
		t.Downstream.Queue = bound - servers
	} else {
		t.Errors = f.Share
	}
	t.Failures = []Failure{f}
}

// asSteps are stretches that are not held out, as steps of a load test.
func (h *history) asSteps() (rates [][]load.Step) {
	for k := range stretches {
		if k%heldOut == heldOut-1 {
			continue
		}
		s := load.Step{Passed: true, For: time.Duration(h.begin[k+1] - h.begin[k])}
		var sum time.Duration
		for _, c := range h.calls {
			if h.stretch(c.At) == k {
				s.OK++
				sum += c.Latency
			}
		}
		if s.OK > 0 && s.For > 0 {
			s.Goodput, s.Service.Mean = float64(s.OK)/s.For.Seconds(), sum/time.Duration(s.OK)
			rates = append(rates, []load.Step{s})
		}
	}
	return rates
}

// judge replays the arrivals, all of them, and compares stretch by stretch: those that
// are held out are judged, the others are how well the model fits.
func (h *history) judge(ctx context.Context, t *Twin, m *Model) error {
	begin := make([]time.Duration, len(h.Records))
	measured := make([][]answer, 1)
	for i, r := range h.Records {
		begin[i] = time.Duration(r.At)
		a := answer{at: begin[i], took: r.Latency, outcome: adaptive.Success}
		if r.Failed {
			a.outcome = adaptive.Failure
		}
		measured[0] = append(measured[0], a)
	}
	with := careful
	plays := make([][]answer, min(max(60*with.calls/len(begin), 5), with.most))
	for k := range plays {
		answers, err := play(ctx, t.Scenario(), begin, math.MaxInt, uint64(k*len(begin)))
		if err != nil {
			return err
		}
		plays[k] = answers
	}
	squares, n, before := 0.0, 0, 0.0
	for k := range stretches {
		p := h.sum(plays, k)
		truth := h.sum(measured, k)
		calls := 0
		for _, a := range measured[0] {
			if a.outcome == adaptive.Success && h.stretch(int64(a.at)) == k {
				calls++
			}
		}
		length := time.Duration(h.begin[k+1] - h.begin[k])
		j := Judgement{
			Where: fmt.Sprintf("%v to %v", time.Duration(h.begin[k]).Round(time.Second/10), time.Duration(h.begin[k+1]).Round(time.Second/10)),
			Calls: calls, Measured: truth.Seen, Predicted: p,
		}
		j.Rate = float64(len(h.Records)) / stretches / length.Seconds()
		// What one stretch has left over the next has to wait for.
		j.Below = max(j.Rate, before) <= well*t.Capacity
		before = j.Rate
		if k%heldOut == heldOut-1 {
			t.Judged = append(t.Judged, j)
			continue
		}
		for _, e := range j.Errors() {
			squares += e.Off * e.Off
			n++
		}
	}
	m.Off = math.Sqrt(squares / float64(n))
	return nil
}

// sum is a stretch of several plays.
func (h *history) sum(plays [][]answer, k int) Prediction {
	var goodput []float64
	var p50, p99 []time.Duration
	length := time.Duration(h.begin[k+1] - h.begin[k])
	for _, answers := range plays {
		var took []time.Duration
		ended := 0
		for _, a := range answers {
			if a.outcome != adaptive.Success {
				continue
			}
			if h.stretch(int64(a.at)) == k {
				took = append(took, a.took)
			}
			if end := int64(a.at + a.took); end >= h.begin[k] && end < h.begin[k+1] {
				ended++
			}
		}
		s := quantilesOf(took)
		goodput, p50, p99 = append(goodput, float64(ended)/length.Seconds()), append(p50, s.P50), append(p99, s.P99)
	}
	return medians(goodput, p50, p99)
}
