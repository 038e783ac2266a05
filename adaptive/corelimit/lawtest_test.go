package corelimit

import (
	"testing"

	"github.com/flyball-go/flyball/adaptive/lawtest"
	"github.com/flyball-go/flyball/internal/raced"
)

// TestLawsKeepTheirPromises holds the limits of go-concurrency-limits against what
// ours promise. What each does not keep is listed, and the test fails if one does
// keep it after all. AIMD knows no ceiling, no floor and no queue; Vegas and Gradient draw
// when to probe from a global source; behind their window of a second, laws hear of
// overload late, and Gradient2 never.
func TestLawsKeepTheirPromises(t *testing.T) {
	raced.Spare(t)
	for law := range Law(Laws) {
		t.Run(law.String(), func(t *testing.T) { lawtest.Run(t, law, broken[law]...) })
	}
}

var broken = [Laws][]lawtest.Property{
	AIMD:              {lawtest.InBounds, lawtest.FindsTheKnee},
	Vegas:             {lawtest.InBounds, lawtest.Repeatable, lawtest.ScaleFree, lawtest.FindsTheKnee},
	Gradient:          {lawtest.Repeatable, lawtest.ScaleFree, lawtest.FindsTheKnee},
	AIMDWindowed:      {lawtest.ScaleFree, lawtest.CutsOnRefusals, lawtest.FindsTheKnee},
	VegasWindowed:     {lawtest.Repeatable, lawtest.ScaleFree, lawtest.CutsOnTimeOuts, lawtest.CutsOnRefusals, lawtest.FindsTheKnee},
	GradientWindowed:  {lawtest.Repeatable, lawtest.ScaleFree, lawtest.CutsOnTimeOuts, lawtest.CutsOnRefusals, lawtest.FindsTheKnee},
	Gradient2Windowed: {lawtest.ScaleFree, lawtest.CutsOnTimeOuts, lawtest.CutsOnRefusals},
}
