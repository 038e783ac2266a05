package fit

import (
	"fmt"
	"math"
)

// Doubt is why the twin is not to be believed, and what to measure; "" if it is to be.
// An error beyond Tolerance counts unless chance explains it, and where chance would
// explain any, nothing is known.
func (t *Twin) Doubt() string {
	worst := t.Worst()
	if e := worst.Error(); e.Off > Tolerance && !e.Chance {
		return fmt.Sprintf("the twin is off by %.0f %% in %s at %s, more than %.0f %%; %s", 100*e.Off, e.Of, worst.Where, 100*Tolerance, t.remedy(worst, e))
	}
	longer := "measure again with a longer --min-step and --max-step"
	if t.Traced {
		longer = "record for longer"
	}
	known, calls := math.Inf(1), 0
	for i := range t.Judged {
		if j := &t.Judged[i]; j.Below {
			if half := j.Half(); half < known {
				known, calls = half, j.Calls
			}
		}
	}
	if math.IsInf(known, 1) {
		return "is too short to judge by: nothing below what the target can do is left to judge latency by; " + longer
	}
	if known > Tolerance {
		want := int(math.Ceil(float64(calls) * known * known / Tolerance / Tolerance))
		return fmt.Sprintf("is too short to judge by: of the %d calls of what was held out, chance alone moves p99 by %.0f %%; it takes about %d, %d more; %s", calls, 100*known, want, want-calls, longer)
	}
	return ""
}

// remedy is what to measure so that an error may go.
func (t *Twin) remedy(j *Judgement, e Error) string {
	switch {
	case t.Traced:
		return "the target changed while it was recorded, or it is no queue with so many servers; record a quieter or a longer time, or measure with flyball loadtest"
	case !j.Below:
		return "measure again with a higher --max-rate: what the target can do changes with how much it is given, or was not reached"
	case e.Of == "p99" && t.Noise > e.Off/3:
		return fmt.Sprintf("p99s of rates at which nobody waits are ±%.0f %% apart, from one to the next and beyond chance, so it is the machine or the network that no twin follows; measure again on a quieter machine", 100*t.Noise)
	}
	return "none of the models changes with the rate as the target does; measure again on a quieter machine with a longer --min-step and --max-step and a smaller --factor, and if it stays, the target is no such queue"
}
