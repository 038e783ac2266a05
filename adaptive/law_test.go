package adaptive

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// driver plays a downstream with a number of servers to one controller, window
// by window: latency is the service time while calls fit, and grows in
// proportion beyond.
type driver struct {
	c       Controller
	limit   float64
	servers float64
	service time.Duration
	r       *rand.Rand
	now     Instant
	next    Collect
	last    Decision
	demand  float64 // calls wanted in flight; 0 means more than any limit

	timeOuts, refused, failed float64 // shares
}

func newDriver(t *testing.T, law string) *driver {
	l, err := ParseLaw(law)
	require.NoError(t, err)
	d := &driver{c: l.New(), limit: 6, servers: 20, service: 50 * ms, r: rand.New(rand.NewPCG(1, 2))}
	d.answer(Window{Wall: time.Unix(0, 0), Limit: 6, Min: 1, Max: 1000, Latency: newHistogram(), Low: newHistogram()})
	return d
}

func (d *driver) answer(w Window) {
	d.last = d.c.Update(w)
	d.limit = clamp(d.last.Limit, 1, 1000)
	d.next = d.last.Next
}

// window plays one window.
func (d *driver) window() {
	w := Window{Opened: d.now, Limit: d.limit, Min: 1, Max: 1000, Latency: newHistogram(), Low: newHistogram(), Drained: true}
	load := math.Round(d.limit)
	if d.demand > 0 && d.demand < load {
		load = d.demand
	} else {
		w.Blocked = 1
	}
	n := max(d.next.Samples, 24)
	if within, each := float64(d.next.Within), float64(d.service)/min(load, d.servers); d.next.Cohort == 0 && within > 0 && within < float64(n)*each {
		n = int(math.Ceil(within / each)) // the window ends at the first call after that
	}
	if d.next.Cohort > 0 {
		n = max(n, int(float64(d.next.Cohort)*min(load, d.servers)/float64(d.service)))
	}
	for i := range n {
		switch share := (float64(i) + 0.5) / float64(n); {
		case share < d.timeOuts:
			w.Count[TimedOut]++
			w.Latency.c.Add(uint64(2*time.Second), 1)
		case share < d.timeOuts+d.refused:
			w.Count[Refused]++
		default:
			w.Count[Success]++
			rtt := float64(d.service) * max(1, load/d.servers) * (0.5 + d.r.Float64())
			w.Latency.c.Add(uint64(rtt), 1)
		}
	}
	w.Count[Failure] = int(d.failed * float64(n))
	w.Completions = n + w.Count[Failure]
	w.PeakInFlight, w.MeanInFlight = int(load), load
	d.now = d.now.Add(time.Duration(float64(n) * float64(d.service) / min(load, d.servers)))
	w.Closed, w.Wall = d.now, time.Unix(0, int64(d.now))
	if d.next.After > 0 {
		w.Limit = d.next.After
	}
	d.answer(w)
}

func (d *driver) windows(n int) {
	for range n {
		d.window()
	}
}

// steady is the limit that the law enforces outside probes.
func (d *driver) steady() float64 {
	for d.next.After > 0 {
		d.window()
	}
	return d.limit
}

var laws = []string{"aimd", "fair", "gradient", "knee", "vegas"}

func eachLaw(t *testing.T, test func(t *testing.T, d *driver)) {
	for _, law := range laws {
		t.Run(law, func(t *testing.T) { test(t, newDriver(t, law)) })
	}
}

func TestLawFindsTheKnee(t *testing.T) {
	for _, servers := range []float64{1, 20, 200} {
		eachLaw(t, func(t *testing.T, d *driver) {
			d.servers = servers
			d.windows(400)
			got := d.steady()
			require.GreaterOrEqual(t, got, 0.9*servers, "servers %v", servers)
			require.LessOrEqual(t, got, 1.7*servers+4, "servers %v", servers)
		})
	}
}

func TestLawFollowsCapacityDownAndUp(t *testing.T) {
	eachLaw(t, func(t *testing.T, d *driver) {
		d.windows(200)
		d.servers = 5
		d.windows(200)
		require.Less(t, d.steady(), 12.0)
		d.servers = 20
		d.windows(200)
		require.Greater(t, d.steady(), 18.0)
	})
}

func TestLawTellsASlowerDownstreamFromAQueue(t *testing.T) {
	eachLaw(t, func(t *testing.T, d *driver) {
		d.windows(200)
		d.service *= 5 // as many servers, each slower: the limit is still right
		d.windows(200)
		require.Greater(t, d.steady(), 16.0)
		require.Less(t, d.steady(), 40.0)
	})
}

func TestLawHoldsALimitThatIsNotUsed(t *testing.T) {
	for _, law := range laws {
		if law == "fair" {
			continue // see below
		}
		t.Run(law, func(t *testing.T) {
			d := newDriver(t, law)
			d.windows(200)
			before := d.steady()
			d.demand = 4
			d.windows(500)
			require.Equal(t, before, d.limit)
			require.Equal(t, "limit not in use", d.last.Reason)
		})
	}
}

func TestFairLetsGoOfALimitThatIsNotUsed(t *testing.T) {
	d := newDriver(t, "fair")
	d.windows(200)
	d.demand = 4
	d.windows(5)
	require.Less(t, d.limit, 5.0)
	d.demand = 0
	d.windows(40)
	require.Greater(t, d.steady(), 20.0)
}

func TestFairKeepsAQueueOfItsOwn(t *testing.T) {
	for _, queue := range []float64{2, 4, 8} {
		d := newDriver(t, fmt.Sprintf("fair:queue=%v", queue))
		d.windows(300)
		sum := 0.0
		for range 100 {
			d.window()
			sum += d.steady() / 100
		}
		require.InDelta(t, d.servers+queue, sum, 1)
	}
}

func TestLawHalvesOnTimeOutsAndComesBackFast(t *testing.T) {
	eachLaw(t, func(t *testing.T, d *driver) {
		d.windows(200)
		before := d.steady()
		d.timeOuts = 1
		d.window()
		require.Equal(t, before/2, d.limit)
		d.windows(10)
		require.Equal(t, 1.0, d.limit)
		d.timeOuts = 0
		d.windows(6)
		require.Greater(t, d.steady(), 0.8*before)
	})
}

func TestLawCutsWhenRefused(t *testing.T) {
	eachLaw(t, func(t *testing.T, d *driver) {
		d.windows(200)
		before := d.steady()
		d.refused = 0.3
		d.window()
		require.Less(t, d.limit, 0.9*before)
		require.GreaterOrEqual(t, d.limit, before/2)
	})
}

func TestLawIsNotMovedByFailures(t *testing.T) {
	eachLaw(t, func(t *testing.T, d *driver) {
		twin := newDriver(t, fmt.Sprint(lawOf(t, d)))
		d.failed = 0.5
		d.windows(100)
		twin.windows(100)
		require.Equal(t, twin.limit, d.limit)
	})
}

func lawOf(t *testing.T, d *driver) Law {
	switch c := d.c.(type) {
	case *aimd:
		return c.AIMD
	case *fair:
		return c.Fair
	case *gradient:
		return c.Gradient
	case *vegas:
		return c.Vegas
	case *knee:
		return Knee{}
	}
	require.Fail(t, "unknown controller")
	return nil
}

func TestLawRepeatsItself(t *testing.T) {
	eachLaw(t, func(t *testing.T, d *driver) {
		twin := newDriver(t, fmt.Sprint(lawOf(t, d)))
		for range 300 {
			d.window()
			twin.window()
			require.Equal(t, twin.last, d.last)
		}
	})
}

func TestLawIsScaleFreeInTime(t *testing.T) {
	eachLaw(t, func(t *testing.T, d *driver) {
		slow := newDriver(t, fmt.Sprint(lawOf(t, d)))
		slow.service = 1024 * d.service // a power of two: the same buckets, ten octaves up
		for range 200 {
			d.window()
			slow.window()
			require.InEpsilon(t, d.limit, slow.limit, 1e-6)
		}
	})
}

func TestEveryDecisionSaysWhyAndWhatElse(t *testing.T) {
	eachLaw(t, func(t *testing.T, d *driver) {
		for i := range 300 {
			d.timeOuts, d.refused = 0, 0
			switch {
			case i%50 == 20:
				d.timeOuts = 0.5
			case i%50 == 30:
				d.refused = 0.5
			}
			d.window()
			require.NotEmpty(t, d.last.Reason)
			require.NotEmpty(t, d.last.Unless)
			require.False(t, math.IsNaN(d.last.Value) || math.IsNaN(d.last.Limit))
		}
	})
}

func TestFixedStays(t *testing.T) {
	d := newDriver(t, "fixed:20")
	require.Equal(t, 20.0, d.limit)
	d.timeOuts = 1
	d.windows(10)
	require.Equal(t, 20.0, d.limit)
	require.Equal(t, 6.0, newDriver(t, "fixed").limit)
}

func TestParseLawReadsWhatStringWrites(t *testing.T) {
	for _, s := range []string{"fixed", "fixed:20", "aimd", "aimd:increase=2:backoff=0.8:tolerance=2", "fair", "fair:queue=2", "vegas", "vegas:beta=6", "gradient", "gradient:tolerance=1.5:smoothing=0.2"} {
		law, err := ParseLaw(s)
		require.NoError(t, err)
		require.Equal(t, s, fmt.Sprint(law))
	}
}

func TestParseLawNamesTheFault(t *testing.T) {
	for s, want := range map[string]string{
		"":                 `adaptive: law "" is unknown; the laws are aimd, fair, fixed, gradient, knee, vegas`,
		"vega":             `adaptive: law "vega" is unknown; the laws are aimd, fair, fixed, gradient, knee, vegas`,
		"fixed:0":          `adaptive: law "fixed:0": fixed takes one whole number from 1 to 16777216, as in fixed:20`,
		"fixed:1.5":        `adaptive: law "fixed:1.5": fixed takes one whole number from 1 to 16777216, as in fixed:20`,
		"fixed:2:3":        `adaptive: law "fixed:2:3": fixed takes one whole number from 1 to 16777216, as in fixed:20`,
		"aimd:backof=0.5":  `adaptive: law "aimd:backof=0.5": "backof" is no constant of it; they are backoff, increase, tolerance`,
		"aimd:backoff=1":   `adaptive: law "aimd:backoff=1": backoff is 1, must be above 0 and below 1`,
		"aimd:backoff=NaN": `adaptive: law "aimd:backoff=NaN": backoff is "NaN", must be a finite number`,
		"aimd:backoff":     `adaptive: law "aimd:backoff": backoff is "", must be a finite number`,
		"vegas:alpha=5":    `adaptive: law "vegas:alpha=5": beta is 4, must be above alpha, which is 5`,
		"gradient:tolerance=0.5:smoothing=2": `adaptive: law "gradient:tolerance=0.5:smoothing=2": tolerance is 0.5, must be at least 1
adaptive: law "gradient:tolerance=0.5:smoothing=2": smoothing is 2, must be above 0 and up to 1`,
		"fair:queue=-1":      `adaptive: law "fair:queue=-1": queue is -1, must be above 0`,
		"vegas:alpha=-1":     `adaptive: law "vegas:alpha=-1": alpha is -1, must be above 0`,
		"aimd:increase=+Inf": `adaptive: law "aimd:increase=+Inf": increase is "+Inf", must be a finite number`,
	} {
		_, err := ParseLaw(s)
		require.EqualError(t, err, want)
	}
}

// A sudden rise while the limit did not grow is no end of a start-up to be paid
// with a cut: the downstream may have become slower.
func TestABrownoutUnderLightLoadKeepsTheLimit(t *testing.T) {
	d := newDriver(t, "knee")
	d.windows(3)
	before := d.limit
	require.Greater(t, before, 12.0)
	d.demand = 8
	d.windows(20)
	d.demand, d.service = 0, 5*d.service
	d.windows(2)
	require.Equal(t, "round trips rose, but not because the limit grew; probing the baseline", d.last.Reason)
	d.window()
	require.GreaterOrEqual(t, d.limit, 0.9*before)
	require.Contains(t, d.last.Reason, "the downstream is slower, not fuller")
}
