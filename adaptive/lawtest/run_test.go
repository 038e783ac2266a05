package lawtest_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/adaptive/lawtest"
	"github.com/flyball-go/flyball/internal/raced"
)

func TestBuiltInLaws(t *testing.T) {
	for _, law := range []adaptive.Law{adaptive.Knee{}, adaptive.AIMD{}, adaptive.Vegas{}, adaptive.Gradient{}} {
		t.Run(fmt.Sprint(law), func(t *testing.T) { lawtest.Run(t, law) })
	}
	for _, law := range []adaptive.Law{adaptive.Fixed{}, adaptive.Fixed{Limit: 5000}} {
		t.Run(fmt.Sprint(law), func(t *testing.T) {
			except := []lawtest.Property{lawtest.Grows, lawtest.CutsOnTimeOuts, lawtest.CutsOnRefusals, lawtest.FindsTheKnee}
			if law != (adaptive.Fixed{}) {
				except = []lawtest.Property{lawtest.Unused, lawtest.CutsOnTimeOuts, lawtest.CutsOnRefusals, lawtest.FindsTheKnee, lawtest.IgnoresTheRest}
			}
			lawtest.Run(t, law, except...)
		})
	}
}

// planted is a law with a bug: AIMD, and then f.
type planted func(w adaptive.Window, d *adaptive.Decision)

func (f planted) New() adaptive.Controller { return &plantedController{f, adaptive.AIMD{}.New()} }
func (f planted) String() string           { return "planted" }

type plantedController struct {
	f     planted
	sound adaptive.Controller
}

func (c *plantedController) Update(w adaptive.Window) adaptive.Decision {
	d := c.sound.Update(w)
	c.f(w, &d)
	return d
}

func TestEveryPropertyCatchesALawThatBreaksIt(t *testing.T) {
	raced.Spare(t)
	global := rand.New(rand.NewPCG(3, 4))
	for p, f := range map[lawtest.Property]planted{
		lawtest.Finite:     func(w adaptive.Window, d *adaptive.Decision) { d.Value = math.Log(float64(-w.Samples())) },
		lawtest.InBounds:   func(w adaptive.Window, d *adaptive.Decision) { d.Limit *= 0.8 },
		lawtest.Explained:  func(w adaptive.Window, d *adaptive.Decision) { d.Reason = "" },
		lawtest.Repeatable: func(w adaptive.Window, d *adaptive.Decision) { d.Limit += global.Float64() },
		lawtest.ScaleFree: func(w adaptive.Window, d *adaptive.Decision) {
			if w.Latency.Quantile(0.5) > time.Second {
				d.Limit /= 2
			}
		},
		lawtest.Grows: func(w adaptive.Window, d *adaptive.Decision) { d.Limit = min(d.Limit, 10) },
		lawtest.Unused: func(w adaptive.Window, d *adaptive.Decision) {
			if w.Overload() == 0 {
				d.Limit = max(d.Limit, w.Limit+1)
			}
		},
		lawtest.CutsOnTimeOuts: func(w adaptive.Window, d *adaptive.Decision) {
			if w.Count[adaptive.TimedOut] > 0 {
				d.Limit = w.Limit
			}
		},
		lawtest.CutsOnRefusals: func(w adaptive.Window, d *adaptive.Decision) {
			if w.Count[adaptive.Refused] > 0 {
				d.Limit = w.Limit
			}
		},
		lawtest.FindsTheKnee: func(w adaptive.Window, d *adaptive.Decision) {
			if w.Overload() == 0 {
				d.Limit = max(d.Limit, w.Limit+1)
			}
		},
		lawtest.IgnoresTheRest: func(w adaptive.Window, d *adaptive.Decision) {
			if d.Next.Within = time.Second; w.Count[adaptive.Failure] > 0 {
				d.Limit = w.Limit + 1
			}
		},
	} {
		require.Error(t, lawtest.Check(f, p), "%s", p)
		t.Log(lawtest.Check(f, p))
	}
	require.NoError(t, lawtest.Check(planted(func(adaptive.Window, *adaptive.Decision) {}), lawtest.Grows), "the plant is sound without the bug")
	require.Error(t, lawtest.Check(adaptive.Knee{}, "is fast"))
}
