package hist

import "math"

// Counts is a histogram: how many values fell into each bucket. It is not safe
// for concurrent use.
type Counts struct {
	sub     uint
	buckets []uint64
	n       uint64
	lo, hi  int // occupied buckets are within [lo, hi)
}

// New returns an empty histogram with 2^sub buckets an octave for values up to
// limit; larger ones count as limit.
func New(limit uint64, sub uint) *Counts {
	c := &Counts{sub: sub, buckets: make([]uint64, Len(limit, sub))}
	c.Reset()
	return c
}

// Reset empties c. It costs as much as the span of values in it.
func (c *Counts) Reset() {
	if c.n > 0 {
		clear(c.buckets[c.lo:c.hi])
	}
	c.n, c.lo, c.hi = 0, len(c.buckets), 0
}

// Add counts v, n times.
func (c *Counts) Add(v, n uint64) { c.AddBucket(min(Index(v, c.sub), len(c.buckets)-1), n) }

// AddBucket counts n values in bucket i.
func (c *Counts) AddBucket(i int, n uint64) {
	c.buckets[i] += n
	c.n += n
	c.lo, c.hi = min(c.lo, i), max(c.hi, i+1)
}

// Merge adds what o counted to c. Both must have the same shape.
func (c *Counts) Merge(o *Counts) {
	for i := o.lo; i < o.hi; i++ {
		if o.buckets[i] > 0 {
			c.AddBucket(i, o.buckets[i])
		}
	}
}

// N is how many values were counted.
func (c *Counts) N() uint64 { return c.n }

// Above is how many values fell into buckets that begin above v.
func (c *Counts) Above(v uint64) (n uint64) {
	for i := max(c.lo, Index(v, c.sub)+1); i < c.hi; i++ {
		n += c.buckets[i]
	}
	return n
}

// Quantile is the value below which a share q of the values lies, interpolated
// within its bucket; 0 if there are none.
func (c *Counts) Quantile(q float64) float64 {
	if c.n == 0 {
		return 0
	}
	rank := min(max(q, 0), 1) * float64(c.n)
	var below float64
	for i := c.lo; i < c.hi; i++ {
		if n := float64(c.buckets[i]); n > 0 && below+n >= rank {
			return c.at(i, (rank-below)/n)
		} else {
			below += n
		}
	}
	return c.at(c.hi-1, 1)
}

// MeanBetween is the mean of the values between the quantiles a and b; 0 if
// there are none. Values are taken as spread evenly within a bucket.
func (c *Counts) MeanBetween(a, b float64) float64 {
	if c.n == 0 {
		return 0
	}
	from, to := a*float64(c.n), b*float64(c.n)
	var below, sum float64
	for i := c.lo; i < c.hi && below < to; i++ {
		n := float64(c.buckets[i])
		if n == 0 {
			continue
		}
		if f, t := math.Max(from-below, 0), math.Min(to-below, n); t > f {
			sum += (t - f) * c.at(i, (f+t)/2/n)
		}
		below += n
	}
	return sum / (to - from)
}

// at is the value a share f into bucket i.
func (c *Counts) at(i int, f float64) float64 {
	low, high := Bounds(i, c.sub)
	return float64(low) + f*float64(high-low)
}
