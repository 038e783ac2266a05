package simulate

import "time"

// DistributionKind names a distribution of times.
type DistributionKind string

const (
	Const     DistributionKind = "const"     // always the mean
	Exp       DistributionKind = "exp"       // exponential
	Lognormal DistributionKind = "lognormal" // Shape is sigma, of the logarithm
	Gamma     DistributionKind = "gamma"     // Shape is shape; 1 is exponential
	Pareto    DistributionKind = "pareto"    // Shape is alpha, over 1; cut at 1000 times the mean
	Bimodal   DistributionKind = "bimodal"   // fast or slow, each uniform within ± 20 %
	Empirical DistributionKind = "empirical" // one of Values at random; a file may name a recorded trace that has them
)

// A Distribution is of service or think times.
type Distribution struct {
	Kind   DistributionKind `json:"kind"`
	Mean   time.Duration    `json:"mean"`            // before any shift; for Empirical that of Values
	Shape  float64          `json:"shape,omitempty"` // see the kinds
	Slow   float64          `json:"slow,omitempty"`  // of Bimodal: share of slow calls
	Times  float64          `json:"times,omitempty"` // of Bimodal: how much slower they are
	Shift  Shift            `json:"shift"`           // of Bimodal
	Values []time.Duration  `json:"values,omitempty"`
	UpTo   []int64          `json:"upTo,omitempty"` // of Empirical: how many draws of how many, the last, are Values[i] or one before; none means that all are as likely
}

// Shift moves the share of slow calls of a Bimodal linearly to Slow, between At
// and At + Over. The fast calls stay as fast as they were. The zero Shift does not.
type Shift struct {
	Slow float64       `json:"slow"`
	At   time.Duration `json:"at"`
	Over time.Duration `json:"over"`
}
