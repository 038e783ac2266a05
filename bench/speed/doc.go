// Package speed runs the benchmarks of package bench in rounds and judges what came
// out: medians of ratios measured in the same round, with an interval that holds the
// true median with 95 % confidence, against the figures that were set for them.
package speed
