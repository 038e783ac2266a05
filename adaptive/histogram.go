package adaptive

import (
	"time"

	"github.com/flyball-go/flyball/internal/hist"
)

const (
	// 16 buckets an octave: 1/16 wide at most, so a value read back is within
	// 3.2 % of the one that went in. Round trips spread more than that.
	latencySub = 4
	// Round trips above 2.4 hours count as 2.4 hours.
	latencyMax = 1 << 43
	// Octaves of 2^latencySub buckets up to there.
	octaves = 43 - latencySub + 2
)

var latencyBuckets = hist.Len(latencyMax, latencySub)

// A Histogram counts round trips in log-linear buckets; what is read back is
// within 3.2 % of what went in. A Law gets it in a [Window] and must not keep it.
type Histogram struct{ c *hist.Counts }

func newHistogram() *Histogram { return &Histogram{hist.New(latencyMax, latencySub)} }

// Count is the number of round trips.
func (h *Histogram) Count() int { return int(h.c.N()) }

// Quantile is the round trip that a share q of them do not exceed; 0 if none.
func (h *Histogram) Quantile(q float64) time.Duration { return time.Duration(h.c.Quantile(q)) }

// Mean is the mean of the round trips between the quantiles a and b; 0 if none.
// Mean(0, 1) is the mean of all.
func (h *Histogram) Mean(a, b float64) time.Duration { return time.Duration(h.c.MeanBetween(a, b)) }

// bucketOf is the bucket of a round trip of at least 1 ns.
func bucketOf(rtt time.Duration) int {
	return min(hist.Index(uint64(rtt), latencySub), latencyBuckets-1)
}
