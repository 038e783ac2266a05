package simulate

import (
	"math"
	"sort"
	"time"
)

// A LatencyModel is a downstream without servers or queue: every call is worked on
// at once and takes longer the more there are. The n-th call there takes
//
//	Base × (1 + Noise·X) + Slope × (n − 1) + Base × ((1 + Growth)^(n − Knee) − 1)
//
// and keeps that time whatever comes after it. X is exponential with mean 1 and
// drawn for each call; the last term counts from n above Knee only. The zero
// LatencyModel is none.
//
// Such a downstream has a right number of calls as well: the one that maximises
// throughput × round trip^−0.4, as with a [USL], where [HardLimit] and [RateLimit]
// bound them. That is the knee if growth beyond it is steep (Growth of
// 0.72 ÷ Knee or more, without a slope), and the bound where latency does not rise.
type LatencyModel struct {
	Base   time.Duration `json:"base"`
	Noise  float64       `json:"noise,omitempty"`  // mean of the random part, as a share of Base
	Slope  time.Duration `json:"slope,omitempty"`  // for each call that is there already
	Knee   int           `json:"knee,omitempty"`   // calls beyond which latency grows exponentially; 0 means never
	Growth float64       `json:"growth,omitempty"` // by the first call beyond Knee, as a share of Base
}

// time is how long call n takes if x was drawn, in nanoseconds.
func (l *LatencyModel) time(n int, x float64) float64 {
	base := float64(l.Base)
	t := base*(1+l.Noise*x) + float64(l.Slope)*float64(n-1)
	if l.Knee > 0 && n > l.Knee {
		t += base * (math.Pow(1+l.Growth, float64(n-l.Knee)) - 1)
	}
	return t
}

// best is the n up to most with the highest throughput × (time + network)^−power;
// no more than rate calls a second get through. All times are slow times as long.
func (l *LatencyModel) best(most int, slow, rate, network, power float64) int {
	worth := func(n int) float64 {
		t := slow * l.time(n, 1)
		return min(float64(n)/t, rate) / math.Pow(t+network, power)
	}
	// It has one peak.
	return 1 + sort.Search(most-1, func(i int) bool { return worth(i+2) <= worth(i+1) })
}

const notWithLatency = "is set, but a downstream with latency has no servers and no queue; leave one of them out"

func (d *Downstream) checkLatency(c *checker, path string) {
	l := &d.Latency
	c.time(l.Base, path+".latency.base")
	c.notNegative(l.Noise, path+".latency.noise")
	c.timeOrNone(l.Slope, path+".latency.slope")
	c.count(l.Knee, 0, maxServers, path+".latency.knee")
	c.notNegative(l.Growth, path+".latency.growth")
	c.must(l.Knee == 0 || l.Growth != 0, path+".latency.growth", "is missing, must be above 0 where there is a knee")
	c.must(l.Knee != 0 || l.Growth == 0, path+".latency.knee", "is missing, must be the number of calls from which latency grows so")
	c.must(l.Slope > 0 || l.Knee > 0 || d.HardLimit.InFlight > 0 || d.RateLimit.Rate > 0, path+".latency",
		"is the same for any number of calls, so that no limit is right; must have a slope or a knee, or the downstream a hard-limit or a rate-limit")
	for _, other := range []struct {
		key   string
		there bool
	}{
		{"servers", len(d.Servers) > 0},
		{"service", d.Service.Kind != ""},
		{"queue", d.Queue > 0},
		{"order", d.Order != ""},
		{"usl", d.USL != USL{}},
		{"drop-stale", d.DropStale},
	} {
		c.must(!other.there, path+"."+other.key, notWithLatency)
	}
}
